import { strict as assert } from 'node:assert';
import { systemClock } from '../../adapters/system/system-clock.js';
import type { Hint } from '../../model/hint.js';
import type { ExecutionId } from '../../model/ids.js';
import type { Dispatcher } from '../../ports/dispatcher.js';

/** One fresh dispatcher under test, not started. */
export interface DispatcherHarness {
  readonly dispatcher: Dispatcher;
  /** False when hints may be lost without a fault, so that arrival cannot be asked for. Default: true. */
  readonly arrives?: boolean;
}

export type DispatcherFactory = () => Promise<DispatcherHarness & { dispose(): Promise<void> }>;

/** One guarantee of the port. Fails by throwing. */
export interface DispatcherCase {
  readonly name: string;
  run(harness: DispatcherHarness): Promise<void>;
}

function hint(id: string, wakeSeq = 1): Hint {
  return { executionId: id as ExecutionId, wakeSeq };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.setTimer(ms, resolve);
  });
}

/** Waits, for at most about 5 s, until `happened`. */
async function eventually(happened: () => boolean, what: string): Promise<void> {
  for (let round = 0; round < 500; round++) {
    if (happened()) return;
    await pause(round < 10 ? 0 : 10);
  }
  assert.fail(`it never came to be that ${what}`);
}

/** Long enough for a hint that should not come to come. */
const quiet = () => pause(50);

const guarantees = new Map<string, (harness: DispatcherHarness) => Promise<void>>([
  [
    'a hint that was sent arrives at least once',
    async ({ dispatcher, arrives = true }) => {
      const seen: Hint[] = [];
      await dispatcher.start((received) => void seen.push(received));
      await dispatcher.send([hint('x1', 3)]);
      if (!arrives) return;
      await eventually(() => seen.length > 0, 'the hint arrives');
      assert.deepEqual({ ...seen[0] }, { executionId: 'x1', wakeSeq: 3 });
    },
  ],
  [
    'each hint of many arrives',
    async ({ dispatcher, arrives = true }) => {
      const seen = new Set<string>();
      await dispatcher.start(({ executionId }) => void seen.add(executionId));
      const ids = Array.from({ length: 500 }, (_, i) => `x${i}`);
      for (let i = 0; i < ids.length; i += 50)
        await dispatcher.send(ids.slice(i, i + 50).map((id) => hint(id)));
      if (!arrives) return;
      await eventually(() => seen.size === ids.length, 'all 500 arrive');
    },
  ],
  [
    'a later wake of the same execution arrives too',
    async ({ dispatcher, arrives = true }) => {
      const seen = new Set<number>();
      await dispatcher.start(({ wakeSeq }) => void seen.add(wakeSeq));
      for (const wakeSeq of [1, 2, 3]) await dispatcher.send([hint('x1', wakeSeq)]);
      if (!arrives) return;
      await eventually(() => seen.size === 3, 'each wake arrives');
    },
  ],
  [
    'nothing arrives that was not sent',
    async ({ dispatcher }) => {
      const seen: string[] = [];
      await dispatcher.start(({ executionId }) => void seen.push(executionId));
      await dispatcher.send([]);
      await dispatcher.send([hint('x1')]);
      await quiet();
      assert.ok(
        seen.every((id) => id === 'x1'),
        seen.join(),
      );
    },
  ],
  ...(['throws', 'rejects'] as const).map(
    (fails): [string, (harness: DispatcherHarness) => Promise<void>] => [
      `a receiver that ${fails} loses its own hint at most`,
      async ({ dispatcher, arrives = true }) => {
        const seen = new Set<string>();
        await dispatcher.start((received) => {
          seen.add(received.executionId);
          if (received.executionId !== 'bad') return undefined;
          const error = new Error('the receiver failed');
          if (fails === 'throws') throw error;
          return Promise.reject(error);
        });
        await dispatcher.send([hint('bad'), hint('good')]);
        await dispatcher.send([hint('later')]);
        if (!arrives) return;
        await eventually(() => seen.has('good') && seen.has('later'), 'the others arrive');
      },
    ],
  ),
  [
    'a slow receiver does not hold up the sender for ever',
    async ({ dispatcher, arrives = true }) => {
      let entered = 0;
      let free: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        free = resolve;
      });
      await dispatcher.start(() => {
        entered++;
        return held;
      });
      const sent = dispatcher.send([hint('x1')]);
      if (arrives) await eventually(() => entered > 0, 'the receiver is entered');
      free();
      await sent;
    },
  ],
  [
    'sending before start and without a receiver harms nothing',
    async ({ dispatcher, arrives = true }) => {
      await dispatcher.send([hint('early')]).catch(() => undefined);
      const seen = new Set<string>();
      await dispatcher.start(({ executionId }) => void seen.add(executionId));
      await dispatcher.send([hint('x1')]);
      if (arrives) await eventually(() => seen.has('x1'), 'a hint sent after start arrives');
    },
  ],
  [
    'nothing arrives after stop',
    async ({ dispatcher }) => {
      let stopped = false;
      let late = 0;
      await dispatcher.start(() => {
        if (stopped) late++;
      });
      await dispatcher.send(Array.from({ length: 20 }, (_, i) => hint(`x${i}`)));
      await dispatcher.stop();
      stopped = true;
      await dispatcher.send([hint('late')]).catch(() => undefined);
      await quiet();
      assert.equal(late, 0);
    },
  ],
  [
    'stop resolves when the receiver has been left',
    async ({ dispatcher, arrives = true }) => {
      if (!arrives) return;
      let entered = false;
      let left = false;
      await dispatcher.start(async () => {
        entered = true;
        await pause(20);
        left = true;
      });
      const sent = dispatcher.send([hint('x1')]);
      await eventually(() => entered, 'the receiver is entered');
      await dispatcher.stop();
      assert.equal(left, true);
      await sent;
    },
  ],
  [
    'where it paces: a hint that is due later does not arrive before, and one that was refused arrives again',
    async ({ dispatcher }) => {
      if (dispatcher.paces !== true) return;
      const seen: string[] = [];
      let refused = 0;
      const receive = async ({ executionId, route }: Hint): Promise<void> => {
        assert.equal(route?.definition, 'w.m');
        if (executionId === 'later') assert.ok(systemClock.now() >= dueAt - 5, 'it arrived too early');
        if (executionId === 'refused' && refused++ === 0) throw new Error('not now');
        seen.push(executionId);
      };
      const dueAt = systemClock.now() + 400;
      const runs = (): readonly string[] => ['w.m'];
      const faults: string[] = [];
      const fault = (task: string): void => void faults.push(task);
      await dispatcher.start(receive, { runs, known: runs, concurrency: () => 4, fault });
      const at = { definition: 'w.m', session: null, priority: 0 };
      const routed = (id: string, due: number | null): Hint => ({
        ...hint(id),
        route: { ...at, dueAt: due },
      });
      await dispatcher.send([routed('later', dueAt), routed('now', null), routed('refused', null)]);
      await eventually(() => seen.includes('now'), 'the hint that is due arrives');
      assert.ok(!seen.includes('later') || systemClock.now() >= dueAt, 'the later one waits');
      await eventually(() => seen.includes('later'), 'the later one arrives');
      await eventually(() => seen.includes('refused'), 'the refused one arrives again');
      assert.deepEqual(faults, []);
    },
  ],
  [
    'close is harmless twice, and after it the dispatcher can be used again',
    async ({ dispatcher, arrives = true }) => {
      if (dispatcher.close === undefined) return;
      const seen: string[] = [];
      await dispatcher.start(() => undefined);
      await dispatcher.close();
      await dispatcher.close();
      await dispatcher.start(({ executionId }) => void seen.push(executionId));
      await dispatcher.send([hint('x1')]);
      if (arrives) await eventually(() => seen.length > 0, 'a hint arrives');
    },
  ],
  [
    'stop is harmless twice and before start',
    async ({ dispatcher }) => {
      await dispatcher.stop();
      await dispatcher.start(() => undefined);
      await dispatcher.stop();
      await dispatcher.stop();
    },
  ],
  [
    'after stop it starts again, for the new receiver alone',
    async ({ dispatcher, arrives = true }) => {
      const first: string[] = [];
      const second = new Set<string>();
      await dispatcher.start(({ executionId }) => void first.push(executionId));
      await dispatcher.stop();
      await dispatcher.start(({ executionId }) => void second.add(executionId));
      await dispatcher.send([hint('x1')]);
      if (arrives) await eventually(() => second.has('x1'), 'the new receiver is told');
      assert.deepEqual(first, []);
    },
  ],
  [
    'options of a publish are left as they were',
    async ({ dispatcher }) => {
      const options = Object.freeze({ delay: '5m', retries: 0, nested: Object.freeze({ a: [1] }) });
      const hints = Object.freeze([Object.freeze(hint('x1'))]);
      await dispatcher.start(() => undefined);
      await dispatcher.send(hints, options).catch(() => undefined);
      assert.deepEqual(options, { delay: '5m', retries: 0, nested: { a: [1] } });
      assert.deepEqual(hints, [{ executionId: 'x1', wakeSeq: 1 }]);
    },
  ],
  [
    'hostile ids arrive as they are',
    async ({ dispatcher, arrives = true }) => {
      const ids = [
        '../x',
        '__proto__',
        'step1',
        'step10',
        'a\u0000b',
        'a:b',
        '😀',
        'é',
        'e\u0301',
        'k'.repeat(10_240),
      ];
      const seen = new Set<string>();
      await dispatcher.start(({ executionId }) => void seen.add(executionId));
      await dispatcher.send(ids.map((id) => hint(id)));
      if (!arrives) return;
      await eventually(() => seen.size >= ids.length, 'each arrives');
      assert.deepEqual([...seen].sort(), [...ids].sort());
    },
  ],
]);

/** Every guarantee of the dispatcher port, each as one case for a fresh dispatcher. */
export function dispatcherCases(): readonly DispatcherCase[] {
  return Array.from(guarantees, ([name, run]) => ({ name, run }));
}
