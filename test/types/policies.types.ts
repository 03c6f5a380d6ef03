import {
  Compensate,
  Concurrency,
  OnEvent,
  RateLimit,
  RenamedFrom,
  Retry,
  Step,
  Timeout,
  Worker,
  type ExecutionContext,
  type InjectionToken,
} from 'holdfast';

interface Order {
  readonly id: string;
  readonly customer?: { readonly id: string };
  readonly lines: readonly string[];
}
interface Change {
  readonly id: string;
  readonly reason: string;
}
interface Receipt {
  readonly receipt: string;
}
class AppConfig {
  readonly orders = 5;
  readonly window = '1 minute' as const;
}
declare const ORDERS: InjectionToken<{ readonly limit: number }>;
declare const ANYTHING: symbol;

@Worker()
@Concurrency(5)
@RateLimit({ limit: 100, per: '1 minute', key: 'customer.id' })
@Retry({ maxAttempts: 2 })
export class Limited {
  @OnEvent('a')
  @Concurrency({ limit: 1, key: 'customer.id' })
  @RateLimit({ limit: 10, per: '1s', key: (order: Order) => order.customer?.id })
  byCustomer(_order: Order): void {}

  @OnEvent('a', { priority: 5 })
  @Concurrency({ limit: 1, key: 'id' })
  withContext(_order: Order | Change, _context: ExecutionContext): void {}

  @OnEvent('a')
  @Concurrency({ limit: 1, key: 'anything.goes' })
  @RateLimit({ limit: 1, per: 500, key: (event: { tenant: string }) => event.tenant })
  takesNothing(): void {}

  @OnEvent('a')
  @Concurrency({ limit: 1, key: 'anything.goes' })
  takesUnknown(_event: unknown): void {}

  @Step()
  @Concurrency({ limit: 2, key: (_order: Order, note: string) => note })
  @RateLimit({ limit: 2, per: '1s', key: 'id' })
  @Timeout('1s')
  byArguments(_order: Order, _note: string): void {}

  @Step()
  @Concurrency({ from: AppConfig, limit: (config: AppConfig) => config.orders, key: 'id' })
  @RateLimit({ from: AppConfig, limit: (config) => config.orders, per: (config) => config.window })
  provided(_order: Order): void {}

  @Step()
  @Concurrency({ from: ORDERS, limit: (orders) => orders.limit })
  @RateLimit({ from: ANYTHING, limit: (config: AppConfig) => config.orders, per: '1s' })
  providedByToken(_order: Order): void {}

  // @ts-expect-error there is no such field
  @Concurrency({ limit: 1, key: 'customer.name' })
  @Step()
  unknownField(_order: Order): void {}

  // @ts-expect-error not every event of the handler has that field
  @RateLimit({ limit: 1, per: '1s', key: 'reason' })
  @OnEvent('a')
  fieldOfOne(_order: Order | Change): void {}

  // @ts-expect-error the key function takes something else
  @Concurrency({ limit: 1, key: (change: Change) => change.reason })
  @Step()
  wrongKey(_order: Order): void {}

  // @ts-expect-error the context is not there yet when an execution has to wait
  @Concurrency({ limit: 1, key: (_order: Order, context: ExecutionContext) => context.id })
  @OnEvent('a')
  keyOfContext(_order: Order, _context: ExecutionContext): void {}

  // @ts-expect-error the provider has no such field
  @Concurrency({ from: AppConfig, limit: (config) => config.missing })
  @Step()
  missing(_order: Order): void {}

  // @ts-expect-error a number is to be read
  @Concurrency({ from: AppConfig, limit: (config) => config.window })
  @Step()
  noNumber(_order: Order): void {}

  // @ts-expect-error nothing says what the function reads
  @Concurrency({ limit: (config: AppConfig) => config.orders })
  @Step()
  fromNowhere(_order: Order): void {}

  // @ts-expect-error a rate has a span
  @RateLimit({ limit: 5 })
  @Step()
  noSpan(_order: Order): void {}

  // @ts-expect-error there is no such option
  @Concurrency({ max: 5 })
  @Step()
  unknownOption(_order: Order): void {}

  // @ts-expect-error a priority is a number
  @OnEvent('a', { priority: 'high' })
  noPriority(_order: Order): void {}
}

export class Undone {
  @Step()
  async charge(_order: Order): Promise<Receipt> {
    return { receipt: 'r' };
  }

  @Step({ after: 'charge', each: (receipt: Receipt) => [receipt.receipt] })
  print(line: string): number {
    return line.length;
  }

  @Compensate('charge')
  @Retry({ maxAttempts: 10 })
  @Timeout('1m')
  refund(_receipt: Receipt): void {}

  @Compensate('print')
  oneItem(_length: number): void {}

  @Compensate('print')
  takesNothing(): void {}

  @RenamedFrom('bill', 'invoice')
  @Step()
  renamed(): void {}

  // @ts-expect-error there is no such step
  @Compensate('chargge')
  unknownStep(_receipt: Receipt): void {}

  // @ts-expect-error it gets the value of the step, not what the step took
  @Compensate('charge')
  takesTheOrder(_order: Order): void {}

  // @ts-expect-error it gets that value alone
  @Compensate('charge')
  takesMore(_receipt: Receipt, _order: Order): void {}

  // @ts-expect-error a function cannot be stored
  @Compensate('charge')
  unstorable(): () => void {
    return () => undefined;
  }

  // @ts-expect-error it had a name
  @RenamedFrom()
  @Step()
  namedNothing(): void {}
}
