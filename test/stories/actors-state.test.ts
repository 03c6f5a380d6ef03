import {
  Actor,
  type ActorContext,
  DefinitionError,
  defineEvent,
  Event,
  InvalidStateError,
  memoryStore,
  NonRetryableError,
  OnAlarm,
  OnEvent,
  SchedulerError,
  sqliteStore,
  Step,
  Storable,
  type Store,
} from 'holdfast';
import { IsInt, IsString, Min, MinLength } from 'class-validator';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Set1 = defineEvent('state.set', z.object({ id: z.string(), to: z.unknown() }));
type Set1 = { id: string; to: unknown };

let seen: unknown[] = [];
beforeEach(() => {
  seen = [];
});

class Account {
  @IsString()
  @MinLength(1)
  owner!: string;

  @IsInt()
  @Min(0)
  balance!: number;

  get isEmpty(): boolean {
    return this.balance === 0;
  }
}

@Actor({ id: 'accounts', state: Account, key: 'id' })
class Accounts {
  @OnEvent(Set1)
  set({ to }: Set1, ctx: ActorContext<Account>) {
    seen.push(ctx.state);
    ctx.setState(to as Account);
    seen.push(ctx.state);
  }
}

/** No validator stands on it. */
class Tally {
  hits = 0;
  readonly names = new Map<string, Date>();

  get isHit(): boolean {
    return this.hits > 0;
  }
}

@Actor({ id: 'tallies', state: Tally, key: 'id' })
class Tallies {
  @OnEvent(Set1)
  set({ id }: Set1, ctx: ActorContext<Tally>) {
    seen.push(ctx.state);
    ctx.updateState((state) => ({
      hits: (state?.hits ?? 0) + 1,
      names: new Map([...(state?.names ?? []), [id, new Date(5)]]),
      isHit: false,
    }));
  }
}

const Slow = z
  .object({ n: z.number(), at: z.date().optional() })
  .refine(async ({ n }) => Promise.resolve(n < 10), { message: 'too much', path: ['n'] });
type Slow = z.infer<typeof Slow>;

@Actor({ id: 'slow', state: Slow, key: 'id' })
class SlowlyChecked {
  @OnEvent(Set1)
  set({ to }: Set1, ctx: ActorContext<Slow>) {
    seen.push(ctx.state);
    ctx.setState({ n: to as number });
    ctx.updateState((state) => ({ n: (state?.n ?? 0) + 1, at: new Date(3) }));
  }
}

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('the state of an actor, in %s', (_name, makeStore) => {
  it('D25 · is an instance of its class, frozen, and checked by its validators', async () => {
    const app = await openApp([Accounts], { store: makeStore() });
    const handle = app.actor(Accounts);
    const send = (to: unknown) => handle.send({ event: { id: 'a', to } });
    await send({ owner: 'Ada', balance: 0 });
    await send({ owner: 'Ada', balance: 5 });
    expect(seen[0]).toBeNull();
    for (const state of seen.slice(1)) expect(state).toBeInstanceOf(Account);
    expect(seen.slice(1).map((state) => (state as Account).isEmpty)).toEqual([true, true, false]);
    expect(Object.isFrozen(seen[2])).toBe(true);
    const { state } = await handle.getState('a');
    expect(state).toBeInstanceOf(Account);
    expect(() => Object.assign(state as object, { balance: 9 })).toThrow(TypeError);

    const refused = send({ owner: '', balance: -1.5 });
    await expect(refused).rejects.toThrow(InvalidStateError);
    await expect(refused).rejects.toMatchObject({
      code: 'STATE_INVALID',
      instanceId: 'actor:accounts:a',
      on: 'write',
      violations: expect.arrayContaining([
        expect.objectContaining({ path: 'owner' }),
        expect.objectContaining({ path: 'balance' }),
      ]),
    });
    expect(await handle.getState('a')).toMatchObject({ state: { owner: 'Ada', balance: 5 }, version: 2 });
    await expect(send({ owner: 'Ada', balance: 1, more: true })).rejects.toThrow('more');
  });

  it('of a class without validators keeps its fields, rich ones too, and its methods', async () => {
    const app = await openApp([Tallies], { store: makeStore() });
    await app.actor(Tallies).send({ event: { id: 'a', to: 1 } });
    await app.actor(Tallies).send({ event: { id: 'a', to: 1 } });
    const { state } = await app.actor(Tallies).getState('a');
    expect(state).toBeInstanceOf(Tally);
    expect(state?.isHit).toBe(true);
    expect(state).toMatchObject({ hits: 2, names: new Map([['a', new Date(5)]]) });
  });

  it('may have an asynchronous schema: it is asked when the method has returned, about what was set last', async () => {
    const app = await openApp([SlowlyChecked], { store: makeStore() });
    const handle = app.actor(SlowlyChecked);
    await handle.send({ event: { id: 'a', to: 4 } });
    expect(await handle.getState('a')).toMatchObject({ state: { n: 5, at: new Date(3) }, version: 1 });
    await expect(handle.send({ event: { id: 'a', to: 9 } })).rejects.toMatchObject({
      violations: [{ path: 'n', message: 'too much' }],
    });
    expect((await handle.getState('a')).state).toMatchObject({ n: 5 });
  });

  it('D25 · D33 · that a later schema refuses parks the message before code runs, and getState says so', async () => {
    const store = makeStore();
    @Actor({ id: 'schema', state: z.object({ n: z.number() }), key: 'id' })
    class Before {
      @OnEvent(Set1)
      set({ to }: Set1, ctx: ActorContext<{ n: number }>) {
        ctx.setState({ n: to as number });
      }
    }
    @Actor({ id: 'schema', state: z.object({ n: z.string() }), key: 'id' })
    class After {
      @OnEvent(Set1)
      set({ to }: Set1, ctx: ActorContext<{ n: string }>) {
        seen.push(to);
        ctx.setState({ n: String(to) });
      }
    }
    const first = await openApp([Before], { store });
    await first.actor(Before).send({ event: { id: 'a', to: 1 } });
    await first.stop();
    const second = await openApp([After], { store });
    const sent = second.actor(After).send({ event: { id: 'a', to: 2 } });
    await expect(sent).rejects.toMatchObject({
      code: 'STATE_INVALID',
      on: 'read',
      violations: [{ path: 'n' }],
    });
    await expect(second.actor(After).getState('a')).rejects.toThrow(InvalidStateError);
    expect(seen).toEqual([]);
    expect(await second.executions.list({ status: 'parked' })).toHaveLength(1);
  });
});

it('state that cannot be stored, or is too large, is refused with its path', async () => {
  class Unknown {}
  const app = await openApp([Loose], { limits: { stateBytes: 100 } });
  const handle = app.actor(Loose);
  given = { at: { deep: new Unknown() } };
  await expect(handle.send({ event: { id: 'a', to: 0 } })).rejects.toMatchObject({
    code: 'STATE_INVALID',
    violations: [
      {
        path: 'at.deep',
        message: expect.stringMatching(/^is an instance of Unknown, which cannot be stored/),
      },
    ],
  });
  given = { text: 'x'.repeat(100) };
  await expect(handle.send({ event: { id: 'a', to: 0 } })).rejects.toThrow('limits.stateBytes (100)');
  given = Promise.resolve({});
  await expect(handle.send({ event: { id: 'a', to: 0 } })).rejects.toThrow('is a promise');
  expect((await handle.status('a')).status).toBe('not_found');
});

let given: unknown;

@Actor({ id: 'loose', state: z.any(), key: 'id' })
class Loose {
  @OnEvent(Set1)
  set(_: Set1, ctx: ActorContext<unknown>) {
    ctx.setState(given);
  }
}

it('state is a copy: what the method does to its own object afterwards changes nothing', async () => {
  @Actor({ id: 'copies', state: z.object({ list: z.array(z.number()) }), key: 'id' })
  class Copies {
    @OnEvent(Set1)
    set(_: Set1, ctx: ActorContext<{ list: number[] }>) {
      const mine = { list: [1] };
      ctx.setState(mine);
      mine.list.push(2);
      seen.push(ctx.state);
      expect(() => ctx.state?.list.push(3)).toThrow(TypeError);
    }
  }
  const app = await openApp([Copies]);
  await app.actor(Copies).send({ event: { id: 'a', to: 0 } });
  expect(seen).toEqual([{ list: [1] }]);
  expect((await app.actor(Copies).getState('a')).state).toEqual({ list: [1] });
});

it('state holds what the codec knows: registered classes, big numbers, sets, undefined', async () => {
  @Storable('state.money')
  class Money {
    constructor(
      readonly amount = 0n,
      readonly currency = 'EUR',
    ) {}
  }
  given = { money: new Money(5n), tags: new Set(['a']), none: undefined, when: new Date(7) };
  const app = await openApp([Loose], { store: sqliteStore(':memory:') });
  await app.actor(Loose).send({ event: { id: 'a', to: 0 } });
  expect((await app.actor(Loose).getState('a')).state).toEqual(given);
});

it('changes in the body of a step are refused: they would be lost on a resume', async () => {
  @Actor({ id: 'steps', state: z.object({ n: z.number() }), key: 'id' })
  class InSteps {
    @OnEvent(Set1)
    async set(_: Set1, ctx: ActorContext<{ n: number }>) {
      await this.change(() => ctx.setState({ n: 1 }));
    }

    @Step({ key: () => 0 })
    async change(change: () => void) {
      change();
    }
  }
  const app = await openApp([InSteps]);
  const sent = app.actor(InSteps).send({ event: { id: 'a', to: 0 } });
  await expect(sent).rejects.toThrow("ctx.setState() was called in the step 'set/change'");
});

it('what a forgotten await changes when the turn has ended is refused, and told to whoever does', async () => {
  const late: Promise<unknown>[] = [];
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  @Actor({ id: 'late', state: z.object({ n: z.number() }), key: 'id' })
  class Late {
    @OnEvent(Set1)
    set(_: Set1, ctx: ActorContext<{ n: number }>) {
      ctx.setState({ n: 1 });
      late.push(
        opened.then(() => ctx.setState({ n: 2 })),
        opened.then(() => ctx.cancelSchedule()),
      );
    }
  }
  const app = await openApp([Late]);
  await app.actor(Late).send({ event: { id: 'a', to: 0 } });
  open();
  const [set, cancel] = await Promise.allSettled(late);
  expect(set).toMatchObject({
    reason: {
      message: expect.stringContaining("ctx.setState() was called when the turn of 'set' had ended"),
    },
  });
  expect(cancel).toMatchObject({ reason: { message: expect.stringContaining('ctx.cancelSchedule()') } });
  expect((await app.actor(Late).getState('a')).state).toEqual({ n: 1 });
});

it('says whose key an event lacks, and that a class takes no such event', async () => {
  @Actor({ id: 'typos', state: z.any(), key: 'ID' })
  class Typos {
    @OnEvent(Set1)
    set() {}
  }
  const app = await openApp([Typos]);
  await expect(app.publish(Set1, { id: 'a', to: 0 })).rejects.toThrow(
    "ID: is missing, and is the key: give text that is not empty, a number or a boolean, or correct the path if the event has no such field (the key that @Actor or @OnEvent names for 'typos.set')",
  );
  await expect(
    app.actor(Typos).send({ id: 'a', event: Object.assign(new AccountClosed(), { id: 'a' }) as never }),
  ).rejects.toThrow("Typos has no @OnEvent for 'account.closed'. It takes 'state.set'");
});

it('send() takes an event with its data, as publish() does', async () => {
  @Actor({ id: 'named', state: z.object({ n: z.number() }), key: 'id' })
  class Named {
    @OnEvent(Set1)
    set({ to }: Set1, ctx: ActorContext<{ n: number }>) {
      ctx.setState({ n: to as number });
    }

    @OnEvent(AccountClosed)
    closed(event: AccountClosed, ctx: ActorContext<{ n: number }>) {
      seen.push(event instanceof AccountClosed);
      ctx.updateState((state) => ({ n: (state?.n ?? 0) + 1 }));
    }
  }
  const app = await openApp([Named]);
  const named = app.actor(Named);
  expect(await named.send(Set1, { id: 'a', to: 1 })).toMatchObject({
    created: true,
    instanceId: 'actor:named:a',
  });
  for (let times = 0; times < 2; times++)
    await named.send(AccountClosed, { id: 'elsewhere' }, { id: 'a', eventId: 'once' });
  expect((await named.getState('a')).state).toEqual({ n: 2 });
  expect(seen).toEqual([true]);
  await expect(named.send({ event: { id: 'a' } as never })).rejects.toThrow(
    'Name the event: send(SomeEvent, data, options), or give an instance of its class',
  );
  await expect(named.send(Set1, { id: 'a', to: 1 }, { wiat: false } as never)).rejects.toThrow('Write wait');
  await expect(named.send(undefined as never)).rejects.toThrow(
    'Write { id, event, eventId, wait }; only event must be there',
  );
});

it('updateState() says that it takes a function', async () => {
  @Actor({ id: 'updating', state: z.object({ n: z.number() }), key: 'id' })
  class Updating {
    @OnEvent(Set1)
    set(_: Set1, ctx: ActorContext<{ n: number }>) {
      ctx.updateState({ n: 2 } as never);
    }
  }
  const app = await openApp([Updating]);
  await expect(app.actor(Updating).send({ event: { id: 'a', to: 0 } })).rejects.toThrow(
    'ctx.updateState() was given an object, and takes a function. Write ctx.updateState((state) =>',
  );
});

it('schedule() says what it takes, and needs an @OnAlarm', async () => {
  @Actor({ id: 'alarms', state: z.any(), key: 'id' })
  class Alarms {
    @OnEvent(Set1)
    set({ to }: Set1, ctx: ActorContext) {
      ctx.schedule(to as number);
    }

    @OnAlarm()
    rang() {
      seen.push('rang');
    }
  }
  @Actor({ id: 'no-alarm', state: z.any(), key: 'id' })
  class NoAlarm {
    @OnEvent(Set1)
    set(_: Set1, ctx: ActorContext) {
      ctx.schedule('5 minutes');
    }
  }
  const app = await openApp([Alarms, NoAlarm]);
  const send = (to: unknown) => app.actor(Alarms).send({ event: { id: 'a', to } });
  for (const to of ['soon', Number.NaN, Number.POSITIVE_INFINITY, null, {}, new Date(Number.NaN)])
    await expect(send(to)).rejects.toThrow(SchedulerError);
  expect((await app.actor(Alarms).status('a')).status).toBe('not_found');
  // Ms from now, which somebody took for what a number is.
  await expect(send(30 * 60_000)).rejects.toThrow(
    "ctx.schedule(1800000) is an instant in 1970: a number is epoch ms. Write text such as '30 minutes' (from now), ctx.now() + 1800000, or a Date",
  );
  // What has passed is now.
  await send(1_700_000_000_000);
  await app.settle();
  expect(seen).toEqual(['rang']);
  await expect(app.actor(NoAlarm).send({ event: { id: 'a', to: 0 } })).rejects.toThrow('no @OnAlarm');
  await expect(app.actor(NoAlarm).trigger('a')).rejects.toThrow(SchedulerError);
  await expect(async () => app.actor(Date as never)).rejects.toThrow(DefinitionError);
});

@Event('account.closed')
class AccountClosed {
  @IsString()
  id!: string;
}

it('a final error of a handler parks the message with it, and resume() runs it again', async () => {
  let fails = true;
  @Actor({ id: 'parking', state: z.object({ n: z.number() }), key: 'id' })
  class Parking {
    @OnEvent(AccountClosed)
    closed(_: AccountClosed, ctx: ActorContext<{ n: number }>) {
      if (fails) throw new NonRetryableError('not yet');
      ctx.updateState((state) => ({ n: (state?.n ?? 0) + 1 }));
    }
  }
  const app = await openApp([Parking], { store: sqliteStore(':memory:') });
  const handle = app.actor(Parking);
  await expect(handle.send({ event: { id: 'a' } })).rejects.toThrow('not yet');
  fails = false;
  await handle.send({ event: Object.assign(new AccountClosed(), { id: 'a' }) });
  const [parked] = await app.executions.list({ status: 'parked' });
  await app.execution(parked?.id ?? '').resume();
  await app.settle();
  expect(await app.execution(parked?.id ?? '').status()).toBe('completed');
  expect(await handle.getState('a')).toMatchObject({ state: { n: 2 }, version: 2 });
  expect(await handle.status('a')).toMatchObject({ eventCount: 2 });
});
