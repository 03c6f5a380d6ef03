import {
  defineEvent,
  execution,
  memoryStore,
  OnEvent,
  sleep,
  sqliteStore,
  Step,
  step,
  Storable,
  UnstorableResultError,
  Worker,
  type Store,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ kind: z.string() }));

@Storable('stories/money')
class Money {
  constructor(
    readonly amount: bigint,
    readonly currency: string,
  ) {}
  format(): string {
    return `${this.amount} ${this.currency}`;
  }
}

class Coordinates {
  constructor(
    readonly latitude: number,
    readonly longitude: number,
  ) {}
}

class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
  constructor(readonly card: string) {
    super(`declined ${card}`);
  }
}

class NotRegistered {
  readonly field = 1;
}

const values: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'an empty text': () => '',
  'the sentinel of another library': () => '<empty_execution_result>',
  'a Date': () => new Date('2026-02-03T04:05:06.789Z'),
  'a Map': () =>
    new Map<unknown, unknown>([
      ['a', { b: 1 }],
      [2, new Set([3])],
    ]),
  'a Set': () => new Set(['x', new Date(5)]),
  'a BigInt': () => 2n ** 70n,
  'typed arrays': () => [new Uint8Array([1, 2, 255]), new Float64Array([0.5, Number.NaN])],
  'not a number': () => [Number.NaN, Number.POSITIVE_INFINITY, -0],
  'undefined in an object': () => ({ a: undefined, b: [undefined] }),
  'an error': () => new RangeError('too far', { cause: new Error('inner') }),
  'an error of a registered class': () => new CardDeclined('4242'),
  'a class with @Storable': () => new Money(5n, 'EUR'),
  'a class of bootstrap({ types })': () => new Coordinates(48.1, 11.6),
  'hostile keys': () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as unknown,
  'names of Object.prototype': () => ({ toString: 1, hasOwnProperty: 2 }),
};

@Worker('values')
class ValueWorker {
  static readonly seen: unknown[] = [];

  @OnEvent(Start)
  async handle({ kind }: { kind: string }): Promise<void> {
    const value = await step('make', () => values[kind]?.());
    ValueWorker.seen.push(value);
    await sleep('1 hour');
  }
}

const stores: Readonly<Record<string, () => Store>> = {
  memory: () => memoryStore(),
  SQLite: () => sqliteStore(':memory:'),
};

describe.each(Object.keys(stores))('case 8 · I12 · B29 · on %s', (name) => {
  test.each(Object.keys(values))('%s is the same on the first run as on the resume', async (kind) => {
    ValueWorker.seen.length = 0;
    const app = await openApp([ValueWorker], {
      store: stores[name]?.() as Store,
      types: [Coordinates, CardDeclined],
    });
    const handle = (await app.publish(Start, { kind })).of(ValueWorker);
    await app.advance('1 hour');
    await handle.result();
    const [first, resumed] = ValueWorker.seen;
    expect(ValueWorker.seen).toHaveLength(2);
    expect(resumed).toStrictEqual(first);
    expect(first).toStrictEqual(values[kind]?.());
    expect(Object.getPrototypeOf(Object(resumed))).toBe(Object.getPrototypeOf(Object(values[kind]?.())));
  });
});

describe('what cannot be kept', () => {
  @Worker('unstorable')
  class UnstorableWorker {
    calls = 0;

    @OnEvent(Start)
    async handle({ kind }: { kind: string }): Promise<unknown> {
      return this.make(kind);
    }

    @Step()
    async make(kind: string): Promise<object> {
      this.calls++;
      const made: Readonly<Record<string, object>> = {
        function: { call: () => 1 },
        class: new NotRegistered(),
        symbol: { key: Symbol('s') },
        RegExp: { pattern: /a+b/g },
        promise: { later: Promise.resolve(1) },
      };
      return made[kind] ?? {};
    }
  }

  test.each(['function', 'class', 'symbol', 'RegExp', 'promise'])(
    'case 8 · a %s is refused when it is stored, and not tried again',
    async (kind) => {
      const app = await openApp([UnstorableWorker]);
      const handle = (await app.publish(Start, { kind })).of(UnstorableWorker);
      await expect(handle.result()).rejects.toThrow(UnstorableResultError);
      await expect(handle.result()).rejects.toThrow(
        /cannot be stored: .*which cannot be stored\. (?!.*register)/,
      );
      expect(app.get(UnstorableWorker).calls).toBe(1);
    },
  );
});

describe('what the context gives', () => {
  interface Seen {
    readonly now: number;
    readonly random: readonly number[];
    readonly uuid: readonly string[];
    readonly logged: string;
  }

  @Worker({ id: 'contexts', description: 'tells what it sees' })
  class ContextWorker {
    static readonly seen: Seen[] = [];

    @OnEvent(Start)
    async handle(_: { kind: string }, context: ReturnType<typeof execution>): Promise<unknown> {
      if (execution() !== context) throw new Error('two contexts');
      context.log.info('begun');
      context.emit('begun', { at: 'start' });
      const draws = { random: [context.random(), context.random()], uuid: [context.uuid(), context.uuid()] };
      const before = context.now();
      const inside = await this.inside();
      const after = context.now();
      ContextWorker.seen.push({ now: after - before, ...draws, logged: inside.key });
      await sleep('2 hours');
      context.log.warn('resumed', { extra: 1 });
      context.progress(50);
      return { ...describeContext(context), inside, aborted: context.signal.aborted };
    }

    @Step()
    async inside(): Promise<{ key: string; step: string | null; attempt: number; uuid: string }> {
      const { idempotencyKey: key, step: path, attempt } = execution();
      return { key, step: path, attempt, uuid: execution().uuid() };
    }
  }

  function describeContext(context: ReturnType<typeof execution>): Record<string, unknown> {
    const { worker, handler, event, session, startedAt, attempt, isRetry, step: path, depth } = context;
    return { worker, handler, event, session, startedAt, attempt, isRetry, step: path, depth };
  }

  test('I8 · B8 · A9 · names the execution, its worker, event, session, attempt and step', async () => {
    const app = await openApp([ContextWorker]);
    const start = app.clock.now();
    const handle = (await app.publish(Start, { kind: '' }, { session: 'tenant-1' })).of(ContextWorker);
    await app.advance('2 hours');
    expect(await handle.result()).toMatchObject({
      worker: 'contexts',
      handler: 'handle',
      event: 'start',
      session: 'tenant-1',
      startedAt: start,
      attempt: 1,
      isRetry: false,
      step: null,
      depth: 0,
      aborted: false,
      inside: { step: 'handle/inside', attempt: 1, key: expect.stringContaining(handle.id) },
    });
  });

  test('now, random and uuid are equal on resume, and differ between executions', async () => {
    ContextWorker.seen.length = 0;
    const app = await openApp([ContextWorker]);
    await app.publishMany([
      [Start, { kind: 'a' }],
      [Start, { kind: 'b' }],
    ]);
    await app.advance('2 hours');
    const [first, second, ...resumed] = ContextWorker.seen;
    expect(resumed).toHaveLength(2);
    expect(resumed).toEqual(expect.arrayContaining([first, second]));
    expect(first?.uuid).not.toEqual(second?.uuid);
    expect(first?.random).not.toEqual(second?.random);
    expect(new Set(first?.uuid).size).toBe(2);
    expect(first?.uuid[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first?.random.every((drawn) => drawn >= 0 && drawn < 1)).toBe(true);
  });

  test('A32 · the log and custom events are silent while replaying, and carry the execution', async () => {
    const lines: unknown[] = [];
    const record =
      (level: string) =>
      (message: string, details?: Readonly<Record<string, unknown>>): void => {
        if (details?.['worker'] === 'contexts') lines.push([level, message, details['extra'] ?? null]);
      };
    const logger = {
      debug: record('debug'),
      info: record('info'),
      warn: record('warn'),
      error: record('error'),
    };
    const app = await openApp([ContextWorker], { logger });
    const custom: unknown[] = [];
    app.on('custom.begun', (event) => custom.push(event.data));
    const remove = app.on('custom.progress', (event) => custom.push(event.data));
    app.on('custom.begun', () => {
      throw new Error('a listener that fails disturbs nobody');
    });
    const handle = (await app.publish(Start, { kind: '' })).of(ContextWorker);
    await app.advance('2 hours');
    await handle.result();
    expect(lines).toEqual([
      ['info', 'begun', null],
      ['warn', 'resumed', 1],
    ]);
    expect(custom).toEqual([{ at: 'start' }, { percent: 50 }]);
    remove();
    await app.publish(Start, { kind: '' });
    await app.advance('2 hours');
    expect(custom).toEqual([{ at: 'start' }, { percent: 50 }, { at: 'start' }]);
  });
});
