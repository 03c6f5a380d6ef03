import { OnEvent, Step } from 'holdfast';

interface Order {
  readonly id: string;
  readonly total: number;
  readonly items: readonly Item[];
}
interface Item {
  readonly sku: string;
}
interface Receipt {
  readonly receipt: string;
}
interface Stock {
  readonly reserved: string;
}
declare const order: Order;
declare const receipt: Receipt;
declare const stock: Stock;

/** The wiring that compiles. */
export class Fulfilment {
  readonly name = 'fulfilment';

  @OnEvent('order.placed')
  async fulfil(_order: Order): Promise<Order> {
    return order;
  }

  @OnEvent('order.dropped')
  drop(_order: Order): void {}

  @Step({ after: 'fulfil' })
  async charge(_order: Order): Promise<Receipt> {
    return receipt;
  }

  @Step({ after: 'fulfil' })
  reserve(_order: { readonly items: readonly Item[] }): Stock {
    return stock;
  }

  @Step({ after: ['charge', 'reserve'] })
  ship(_receipt: Receipt, _stock: Stock): void {}

  @Step({ after: ['reserve', 'charge'], join: 'all' })
  shipInOtherOrder(_stock: Stock, _receipt: Receipt): void {}

  @Step({ after: ['charge', 'reserve'] })
  takesFewer(_receipt: Receipt): void {}

  @Step({ after: ['charge', 'reserve'] })
  takesNone(): void {}

  @Step({ after: ['charge', 'reserve'] })
  takesMoreThatMayBeLeftOut(_receipt: Receipt, _stock?: Stock, _note?: string): void {}

  @Step({ after: ['charge', 'reserve'] })
  takesTheRest(..._values: (Receipt | Stock)[]): void {}

  @Step({ after: ['charge', 'reserve'], join: 'any' })
  takesTheFirst(_first: Receipt | Stock): void {}

  @Step({ after: 'drop' })
  afterNoValue(_nothing: void): void {}

  @Step({ after: ['drop', 'charge'] })
  afterUndefined(_nothing: undefined, _receipt: Receipt): void {}

  // What says nothing about its type fits everything.
  @Step({ after: 'charge' })
  anything(): ReturnType<typeof JSON.parse> {}

  @Step({ after: 'anything', when: (value: Order) => value.total > 1 })
  afterAnything(_order: Order): void {}

  @Step({ after: 'charge' })
  maybe(): Promise<Receipt | undefined> {
    return Promise.resolve(undefined);
  }

  @Step({ after: 'maybe', when: (found?: Receipt) => found !== undefined })
  afterMaybe(_receipt?: Receipt): void {}

  @Step({ after: 'fulfil', when: (placed: Order) => placed.total > 100 })
  review(_order: Order): void {}

  @Step({ after: 'fulfil', when: 'otherwise' })
  accept(_order: Order): void {}

  @Step({ after: ['charge', 'reserve'], when: (paid: Receipt, _stock: Stock) => paid.receipt !== '' })
  afterBoth(_receipt: Receipt): void {}

  @Step({ after: 'fulfil', each: (placed: Order) => placed.items })
  pack(_item: Item): Promise<Stock> {
    return Promise.resolve(stock);
  }

  @Step({ after: 'fulfil', each: { of: (placed: Order) => new Set(placed.items), concurrency: 3 } })
  label({ sku }: Item): string {
    return sku;
  }

  @Step({ after: 'fulfil', each: (placed: Order) => placed.items, key: (item: Item) => item.sku })
  keyed(_item: Item): void {}

  @Step({ after: 'fulfil', when: (placed: Order) => placed.total > 0, each: (placed: Order) => placed.items })
  routedItems(_item: Item): void {}

  @Step({ after: ['charge', 'reserve'], join: 'any', each: (first: Receipt | Stock) => [first] })
  itemsOfTheFirst(_item: Receipt | Stock): void {}

  @Step({ after: 'pack' })
  takesTheResultsOfItems(_packed: Stock[]): void {}

  @Step({ after: ['pack', 'charge', 'label'], when: (packed: Stock[], _paid: Receipt) => packed.length > 1 })
  joinsItemsWithOthers(_packed: readonly Stock[], _receipt: Receipt, _labels: string[]): void {}

  @Step({ after: 'label', each: (labels: string[]) => labels })
  fansOutAgain(_label: string): void {}

  @Step({ after: 'review' })
  afterABranch(_nothing: unknown): void {}
}

export class Misnamed {
  readonly name = 'misnamed';

  @OnEvent('order.placed')
  fulfil(): Order {
    this.hidden();
    return order;
  }

  // @ts-expect-error there is no such method
  @Step({ after: 'fulfill' })
  unknownName(_order: Order): void {}

  // @ts-expect-error one of them is no method
  @Step({ after: ['fulfil', 'charge'] })
  unknownNameAmongOthers(_order: Order): void {}

  // @ts-expect-error a private method cannot be named
  @Step({ after: 'hidden' })
  privateName(_order: Order): void {}

  // @ts-expect-error a field is no method
  @Step({ after: 'name' })
  field(_name: string): void {}

  // @ts-expect-error a name that is not known when it compiles
  @Step({ after: String('fulfil') })
  anyName(_order: Order): void {}

  private hidden(): Order {
    return order;
  }
}

export class Misfits {
  @OnEvent('order.placed')
  async fulfil(): Promise<Order> {
    return order;
  }

  @OnEvent('order.dropped')
  drop(_order: Order): void {}

  @Step({ after: 'fulfil' })
  charge(_order: Order): Receipt {
    return receipt;
  }

  // @ts-expect-error the predecessor returns an Order
  @Step({ after: 'fulfil' })
  anotherType(_receipt: Receipt): void {}

  // @ts-expect-error the value is awaited
  @Step({ after: 'fulfil' })
  promise(_order: Promise<Order>): void {}

  // @ts-expect-error nothing gives the second parameter a value
  @Step({ after: 'fulfil' })
  oneTooMany(_order: Order, _receipt: Receipt): void {}

  // @ts-expect-error values come in the order of `after`
  @Step({ after: ['charge', 'fulfil'] })
  wrongOrder(_order: Order, _receipt: Receipt): void {}

  // @ts-expect-error the first success may be either
  @Step({ after: ['charge', 'fulfil'], join: 'any' })
  oneOfTwo(_receipt: Receipt): void {}

  // @ts-expect-error the first success is the only value
  @Step({ after: ['charge', 'fulfil'], join: 'any' })
  both(_receipt: Receipt, _order: Order): void {}

  // @ts-expect-error a handler without a result
  @Step({ after: 'drop' })
  nothing(_order: Order): void {}

  @Step({ after: 'fulfil' })
  maybe(): Receipt | undefined {
    return undefined;
  }

  // @ts-expect-error the value may be undefined
  @Step({ after: 'maybe' })
  notUndefined(_receipt: Receipt): void {}

  @Step({ after: 'fulfil' })
  unknown(): unknown {
    return undefined;
  }

  // @ts-expect-error nobody knows what the predecessor returns
  @Step({ after: 'unknown' })
  known(_receipt: Receipt): void {}

  // @ts-expect-error `when` takes what the predecessor returns
  @Step({ after: 'fulfil', when: (paid: Receipt) => paid.receipt !== '' })
  wrongWhen(_order: Order): void {}

  // @ts-expect-error `when` takes no more than the predecessors return
  @Step({ after: 'fulfil', when: (_order: Order, paid: Receipt) => paid.receipt !== '' })
  whenOfTooMany(_order: Order): void {}

  // @ts-expect-error `when` answers at once
  @Step({ after: 'fulfil', when: async (placed: Order) => placed.total > 1 })
  asyncWhen(_order: Order): void {}

  // @ts-expect-error there is no such fallback
  @Step({ after: 'fulfil', when: 'else' })
  wrongFallback(_order: Order): void {}

  // @ts-expect-error the method takes one item
  @Step({ after: 'fulfil', each: (placed: Order) => placed.items })
  wholeList(_items: readonly Item[]): void {}

  // @ts-expect-error the method takes the item alone
  @Step({ after: 'fulfil', each: (placed: Order) => placed.items })
  itemAndOrder(_item: Item, _order: Order): void {}

  // @ts-expect-error `each` takes what the predecessor returns
  @Step({ after: 'fulfil', each: (paid: Receipt) => [paid] })
  eachOfAnother(_receipt: Receipt): void {}

  // @ts-expect-error `of` takes what the predecessor returns
  @Step({ after: 'fulfil', each: { of: (paid: Receipt) => [paid], concurrency: 2 } })
  ofAnother(_receipt: Receipt): void {}

  // @ts-expect-error `each` gives a list
  @Step({ after: 'fulfil', each: (placed: Order) => placed.total })
  noList(_item: number): void {}

  // @ts-expect-error text is no list of letters
  @Step({ after: 'fulfil', each: (placed: Order) => placed.id })
  text(_letter: string): void {}

  // @ts-expect-error there is no such option
  @Step({ after: 'fulfil', each: { of: (placed: Order) => placed.items, parallel: 2 } })
  wrongOption(_item: Item): void {}

  // @ts-expect-error an array of another type than the predecessor's
  @Step({ after: 'charge' })
  arrayOfAnother(_orders: Order[]): void {}

  // @ts-expect-error there is no such join
  @Step({ after: ['fulfil', 'charge'], join: 'first' })
  wrongJoin(_order: Order): void {}

  // @ts-expect-error a function cannot be stored
  @Step({ after: 'fulfil' })
  unstorable(_order: Order): () => void {
    return () => undefined;
  }

  // @ts-expect-error the key function takes another argument
  @Step({ after: 'fulfil', each: (placed: Order) => placed.items, key: (item: Receipt) => item.receipt })
  wrongKey(_item: Item): void {}
}

abstract class Base {
  abstract fulfil(placed: Order): Promise<Order>;

  @Step({ after: 'fulfil' })
  protected charge(_placed: Order): Receipt {
    return receipt;
  }

  @Step({ after: 'fulfil' })
  count(_placed: Order): number {
    return 1;
  }
}

/** What a class extends can be named too. */
export class Derived extends Base {
  override async fulfil(placed: Order): Promise<Order> {
    return placed;
  }

  @Step({ after: ['fulfil', 'count'] })
  both(_order: Order, _count: number): void {}

  // @ts-expect-error a protected method cannot be named
  @Step({ after: 'charge' })
  afterProtected(_receipt: Receipt): void {}
}
