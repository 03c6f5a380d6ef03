import { IsArray, IsDate, IsInt, IsString, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import {
  Event,
  execution,
  memoryStore,
  OnEvent,
  sleep,
  sqliteStore,
  Step,
  Storable,
  type Store,
  UnstorableResultError,
  Worker,
} from 'holdfast';
import { killAtEveryWrite } from './support/crash-points.js';
import { openApp } from './support/open-apps.js';

@Event('instance.placed')
class OrderPlaced {
  @IsString() orderId!: string;
  @IsInt() total!: number;
  @IsDate() @Type(() => Date) at!: Date;

  isLarge(): boolean {
    return this.total > 100;
  }
}

/** No handler takes it, and nobody publishes it. */
@Event('instance.reserved')
class Reserved {
  @IsString() place!: string;
}

const reserved = (place: string): Reserved => Object.assign(new Reserved(), { place });

const seen: Record<string, unknown[]> = {};
const effects = new Set<string>();
beforeEach(() => forget());

function forget(): void {
  for (const name of Object.keys(seen)) delete seen[name];
  effects.clear();
}

function see(name: string, value: unknown): void {
  effects.add(execution().idempotencyKey);
  (seen[name] ??= []).push(value);
}

@Worker('instances')
class OrderWorker {
  @OnEvent(OrderPlaced)
  async validate(order: OrderPlaced): Promise<OrderPlaced> {
    see('checked', await this.check(order));
    await sleep('1 minute');
    return order;
  }

  @Step() async check(order: OrderPlaced): Promise<{ order: OrderPlaced; large: boolean }> {
    return { order, large: order.isLarge() };
  }

  @Step({ after: 'validate', each: (order: OrderPlaced) => [order, order] })
  async reserve(order: OrderPlaced): Promise<Reserved> {
    see('reserve', order);
    return reserved(order.orderId);
  }

  @Step({ after: ['validate', 'reserve'] })
  async charge(order: OrderPlaced, places: readonly Reserved[]): Promise<readonly Reserved[]> {
    see('charge', order);
    see('places', places);
    return places;
  }
}

const data = { orderId: 'a', total: 400, at: new Date(5) };
const order = Object.assign(new OrderPlaced(), data);

describe.each([
  ['memory', memoryStore],
  ['SQLite', () => sqliteStore(':memory:')],
] as const)('an event on %s', (_, store: () => Store) => {
  test('is argument, result and item of steps as the instance it is, wherever the process dies', async () => {
    const runs = await killAtEveryWrite({
      workers: [OrderWorker],
      store,
      reset: forget,
      begin: (app) => app.publish(OrderPlaced, data, { id: 'a' }),
      drive: (app) => app.advance('10 minutes'),
      verify: async (app) => {
        const handle = (await app.publish(OrderPlaced, data, { id: 'a' })).of(OrderWorker);
        const value = await handle.result();
        expect(value).toBeInstanceOf(OrderPlaced);
        expect(value).toEqual(order);
        for (const each of [...(seen['reserve'] ?? []), ...(seen['charge'] ?? [])]) {
          expect(each).toBeInstanceOf(OrderPlaced);
          expect(each).toEqual(order);
        }
        for (const each of seen['checked'] ?? []) expect(each).toStrictEqual({ order, large: true });
        for (const each of seen['places'] ?? []) expect(each).toStrictEqual([reserved('a'), reserved('a')]);
        const steps = await handle.steps();
        expect(steps.find(({ path }) => path === 'validate/charge')?.value).toStrictEqual([
          reserved('a'),
          reserved('a'),
        ]);
      },
    });
    expect(runs).toBeGreaterThan(3);
  });
});

test('an event class under a name of its own for stored data keeps to that one', async () => {
  @Event('instance.named')
  @Storable('event:instance.named')
  class Named {
    @IsString() id!: string;
  }
  @Storable('instance.other')
  class Other {
    readonly size = 3;
  }
  @Event('instance.other')
  class OtherEvent {
    @IsString() id!: string;
  }
  @Worker('named')
  class NamedWorker {
    @OnEvent(Named)
    async take(named: Named): Promise<unknown> {
      return this.hold([named, new Other(), Object.assign(new OtherEvent(), { id: 'o' })]);
    }

    @Step() async hold(all: readonly unknown[]): Promise<unknown> {
      return all;
    }
  }
  const app = await openApp([NamedWorker]);
  const published = await app.publish(Named, { id: 'n' });
  expect(await published.of(NamedWorker).result()).toStrictEqual([
    Object.assign(new Named(), { id: 'n' }),
    new Other(),
    Object.assign(new OtherEvent(), { id: 'o' }),
  ]);
});

test('two apps may each have a class of the same event: each gets its own back', async () => {
  const make = () => {
    @Event('instance.twice')
    class Twice {
      @IsString() id!: string;
    }
    @Worker('twice')
    class TwiceWorker {
      @OnEvent(Twice)
      async take(twice: Twice): Promise<Twice> {
        return twice;
      }
    }
    return { Twice, TwiceWorker };
  };
  const both = [make(), make()];
  for (const { Twice, TwiceWorker } of both) {
    const app = await openApp([TwiceWorker]);
    const published = await app.publish(Twice, { id: 'a' });
    expect(await published.of(TwiceWorker).result()).toBeInstanceOf(Twice);
  }
});

class Line {
  @IsString() sku!: string;
}

@Event('instance.lines')
class WithLines {
  @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
}

class Special extends OrderPlaced {}

@Worker('refused')
class RefusedWorker {
  @OnEvent(WithLines)
  async take(event: WithLines): Promise<WithLines> {
    return event;
  }

  @OnEvent(OrderPlaced)
  async subclass({ orderId }: OrderPlaced): Promise<OrderPlaced> {
    return Object.assign(new Special(), { orderId });
  }
}

test.each([
  [WithLines, { lines: [{ sku: 'a' }] }, 'take', /lines\.0 is an instance of Line.*@Storable\('name'\)/],
  [OrderPlaced, data, 'subclass', /an instance of Special/],
] as const)(
  'what is no event class itself is refused: nested classes and subclasses',
  async (event, given, method, found) => {
    const app = await openApp([RefusedWorker]);
    const published = await app.publish(event as typeof OrderPlaced, given as never);
    const error = await published
      .of(RefusedWorker, method)
      .result()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnstorableResultError);
    expect((error as Error).message).toMatch(found);
  },
);
