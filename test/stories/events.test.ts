import { IsEmail, IsPositive, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import {
  defineEvent,
  defineEvents,
  DefinitionError,
  Event,
  execution,
  InvalidEventError,
  OnEvent,
  Step,
  UnknownEventError,
  Worker,
} from 'holdfast';
import * as v from 'valibot';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const ran: unknown[] = [];
beforeEach(() => {
  ran.length = 0;
});

const Signup = z.object({ type: z.literal('user.signup'), email: z.email() });
const Upgrade = z.object({ type: z.literal('user.upgrade'), plan: z.enum(['pro', 'team']) });
const Leave = z.object({ type: z.literal('user.leave'), reason: z.string().optional() });
const events = defineEvents(z.discriminatedUnion('type', [Signup, Upgrade, Leave]), { id: 'stories.users' });
type UserEvent = z.output<typeof Signup> | z.output<typeof Upgrade> | z.output<typeof Leave>;

@Worker('users')
class UserWorker {
  @events.OnEvent('user.signup')
  async welcome(event: z.output<typeof Signup>): Promise<string> {
    return `welcome ${event.email}`;
  }

  @events.OnEvent(['user.signup', 'user.upgrade'])
  async record(event: z.output<typeof Signup> | z.output<typeof Upgrade>): Promise<string> {
    return event.type === 'user.signup' ? event.email : event.plan;
  }

  @events.OnEvent((event): event is z.output<typeof Upgrade> => event.type === 'user.upgrade')
  async bill(event: z.output<typeof Upgrade>): Promise<string> {
    return event.plan;
  }

  @events.OnEvent((event) => event.type.startsWith('user.'))
  async audit(event: UserEvent): Promise<string> {
    return event.type;
  }
}

describe('a union of events', () => {
  test('I2 · I4 · I5 · I6 · I7 · I36 · B7 · B28 · is filtered by type, types, guard and predicate, each narrowing the event', async () => {
    const app = await openApp([UserWorker], { events });
    const signup = await app.publish({ type: 'user.signup', email: 'ann@example.org' } as never);
    expect([...signup].map(({ handler }) => handler)).toEqual(['audit', 'record', 'welcome']);
    expect(await Promise.all([...signup].map((each) => each.result()))).toEqual([
      'user.signup',
      'ann@example.org',
      'welcome ann@example.org',
    ]);
    const upgrade = await app.publish('user.upgrade', { plan: 'pro' });
    expect([...upgrade].map(({ handler }) => handler)).toEqual(['audit', 'bill', 'record']);
    const leave = await app.publish(events as never, { type: 'user.leave' } as never);
    expect([...leave].map(({ handler }) => handler)).toEqual(['audit']);
  });
});

const Transformed = defineEvent(
  'transformed',
  z.object({ at: z.coerce.date(), tags: z.array(z.string()).default([]) }),
);
const Checked = defineEvent('checked', v.object({ sku: v.pipe(v.string(), v.minLength(3)) }));
const Slow = defineEvent(
  'slow',
  z.object({ name: z.string().refine(async (name) => Promise.resolve(name !== 'taken'), 'is taken') }),
);

class Address {
  @IsEmail() email!: string;
}

@Event('order.placed')
class OrderPlaced {
  @IsPositive() total!: number;
  @ValidateNested()
  @Type(() => Address)
  address!: Address;

  isLarge(): boolean {
    return this.total > 100;
  }
}

@Worker('schemas')
class SchemaWorker {
  @OnEvent(Transformed)
  async transformed({ at, tags }: { at: Date; tags: string[] }): Promise<unknown> {
    return [at.getTime(), tags];
  }

  @OnEvent(Checked)
  async checked({ sku }: { sku: string }): Promise<string> {
    return sku;
  }

  @OnEvent(Slow)
  async slow({ name }: { name: string }): Promise<string> {
    return name;
  }

  @OnEvent(OrderPlaced, { when: async (order) => Promise.resolve(order.isLarge()) })
  async large(order: OrderPlaced): Promise<unknown> {
    return [order instanceof OrderPlaced, order.address instanceof Address, order.isLarge()];
  }

  @OnEvent('order.placed')
  async byName(order: OrderPlaced): Promise<number> {
    return order.total;
  }
}

describe('schemas', () => {
  test('I2 · B2 · of zod and valibot, sync and async, check and transform what handlers get', async () => {
    const app = await openApp([SchemaWorker]);
    expect(await app.execute(Transformed, { at: '2026-01-02T03:04:05Z' })).toEqual([
      [Date.parse('2026-01-02T03:04:05Z'), []],
    ]);
    expect(await app.execute(Checked, { sku: 'abc' })).toEqual(['abc']);
    expect(await app.execute(Slow, { name: 'free' })).toEqual(['free']);
  });

  test.each([
    ['zod', Transformed, { at: 'never', tags: 'x' }, ['at', 'tags']],
    ['valibot', Checked, { sku: 'a' }, ['sku']],
    ['an async zod schema', Slow, { name: 'taken' }, ['name']],
    ['class-validator', OrderPlaced, { total: -1, address: { email: 'x' } }, ['total', 'address.email']],
  ] as const)(
    'I34 · %s: a bad event lists each violated path when it is published, and nothing is stored',
    async (_, event, data, paths) => {
      const app = await openApp([SchemaWorker]);
      const refused = app.publish(event, data as never);
      await expect(refused).rejects.toThrow(InvalidEventError);
      const { violations } = (await refused.catch((error: unknown) => error)) as InvalidEventError;
      expect(violations.map(({ path }) => path)).toEqual(paths);
      expect(await app.executions.list()).toEqual([]);
    },
  );

  test('a class event comes as its class, nested ones too, from data and from an instance', async () => {
    const app = await openApp([SchemaWorker]);
    const data = { total: 200, address: { email: 'ann@example.org' } };
    const instance = Object.assign(new OrderPlaced(), data);
    expect(await app.execute(OrderPlaced, data)).toEqual([200, [true, true, true]]);
    expect(await app.execute(instance)).toEqual([200, [true, true, true]]);
  });
});

describe('filters', () => {
  test('a publisher that has the class creates no execution for what `when` turns down', async () => {
    const app = await openApp([SchemaWorker]);
    const published = await app.publish(OrderPlaced, { total: 1, address: { email: 'ann@example.org' } });
    expect([...published].map(({ handler }) => handler)).toEqual(['byName']);
    expect(() => published.of(SchemaWorker, 'large')).toThrow('no such handler');
  });

  test('elsewhere, the first pass ends what is turned down as skipped', async () => {
    const app = await openApp([SchemaWorker]);
    const { store } = app.options;
    const publisher = await openApp([], { store: store as NonNullable<typeof store>, role: 'publisher' });
    const published = await publisher.publish(OrderPlaced, {
      total: 1,
      address: { email: 'ann@example.org' },
    });
    const skipped = published.of(SchemaWorker, 'large');
    expect([await skipped.result(), await skipped.status()]).toEqual([undefined, 'skipped']);
    expect(await skipped.outcome()).toMatchObject({ success: true, value: undefined });
  });

  @Worker('guards')
  class GuardWorker {
    @OnEvent([Checked, Slow], (event): event is { sku: string } => 'sku' in event)
    async guarded(event: { sku: string }): Promise<string> {
      return event.sku;
    }

    @OnEvent([Checked, Slow])
    async any(): Promise<string> {
      return execution().event;
    }
  }

  test('I6 · several events with a guard narrow to what it takes', async () => {
    const app = await openApp([GuardWorker]);
    expect(await app.execute(Checked, { sku: 'abc' })).toEqual(['checked', 'abc']);
    expect(await app.execute(Slow, { name: 'free' })).toEqual(['slow']);
  });
});

describe('an event that nobody takes', () => {
  test('I25 · is accepted, gives no executions and is told', async () => {
    const app = await openApp([UserWorker]);
    app.on('event.unhandled', (event) => ran.push(event.event));
    const published = await app.publish(Checked, { sku: 'abc' });
    expect([published.executions, [...published], ran]).toEqual([[], [], ['checked']]);
    expect(await app.execute(Checked, { sku: 'abc' })).toEqual([]);
  });

  test('but what is no event is refused', async () => {
    const app = await openApp([SchemaWorker]);
    await expect(app.publish(new Date() as never)).rejects.toThrow(UnknownEventError);
  });
});

describe('workers', () => {
  test('I3 · I14 · are values until an app is made of them; two with one id are refused', async () => {
    @Worker('twice')
    class First {
      @OnEvent(Checked)
      async run(): Promise<void> {}
    }
    @Worker('twice')
    class Second {
      @OnEvent(Checked)
      async run(): Promise<void> {}
    }
    const app = await openApp([First]);
    expect([...(await app.publish(Checked, { sku: 'abc' }))]).toHaveLength(1);
    await expect(openApp([First, Second])).rejects.toThrow(DefinitionError);
    await expect(openApp([First, Second])).rejects.toThrow('twice');
  });

  test('inherit handlers and steps, and may override them', async () => {
    abstract class Base {
      @OnEvent(Checked)
      async run({ sku }: { sku: string }): Promise<string> {
        return `${await this.part(sku)} of ${execution().worker}`;
      }

      @Step()
      async part(sku: string): Promise<string> {
        return `base ${sku}`;
      }
    }
    @Worker('one')
    class One extends Base {}
    @Worker('two')
    class Two extends Base {
      @Step()
      override async part(sku: string): Promise<string> {
        return `two ${sku}`;
      }
    }
    const app = await openApp([One, Two]);
    const published = await app.publish(Checked, { sku: 'abc' });
    expect(await Promise.all([...published].map((each) => each.result()))).toEqual([
      'base abc of one',
      'two abc of two',
    ]);
    const steps = await Promise.all([...published].map((each) => each.steps()));
    expect(steps.map((each) => each.map(({ path }) => path))).toEqual([['run/part'], ['run/part']]);
  });
});
