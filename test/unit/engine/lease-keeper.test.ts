import type { Run } from '../../../lib/engine/work.js';
import { LeaseKeeper } from '../../../lib/engine/lease-keeper.js';
import type { ProcessId } from '../../../lib/model/ids.js';
import type { LifecycleEvent } from '../../../lib/model/lifecycle-event.js';
import type { HeartbeatAnswer, ProcessRecord, Store } from '../../../lib/ports/store.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const LEASE_MS = 15_000;
const owner = 'p1' as ProcessId;
const record: ProcessRecord = { id: owner, deployment: 'd', role: 'both', definitions: [] };
const answer: HeartbeatAnswer = { signals: [], owned: [], liveProcesses: 1 };

function setup(heartbeat: () => Promise<HeartbeatAnswer> = async () => answer) {
  const clock = new ManualClock();
  const calls: string[] = [];
  const events: LifecycleEvent[] = [];
  const renewed: (readonly Run[])[] = [];
  const store = {
    heartbeat: async () => {
      calls.push('heartbeat');
      return heartbeat();
    },
    leave: async () => void calls.push('leave'),
  } as unknown as Store;
  const keeper = new LeaseKeeper({
    store,
    clock,
    owner,
    observer: { wants: () => true, emit: (event) => void events.push(event) },
    describe: () => record,
    leaseMs: () => LEASE_MS,
    ask: () => ({ known: undefined, answered: () => undefined }),
    running: () => [],
    renewed: (_, before) => void renewed.push(before),
  });
  const advance = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(100, left));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { keeper, clock, calls, events, renewed, advance };
}

test('it renews at a third of the lease, and bodies may start all the while', async () => {
  const { keeper, calls, advance } = setup();
  await keeper.start();
  for (let count = 0; count < 10; count++) {
    await advance(3_000);
    expect(keeper.mayStartBody()).toBe(true);
  }
  expect(calls.length).toBe(7);
  expect(keeper.generation).toBe(1);
  await keeper.stop();
});

test('no body starts before the first renewal, nor after the last', async () => {
  const { keeper } = setup();
  expect(keeper.mayStartBody()).toBe(false);
  await keeper.start();
  expect(keeper.mayStartBody()).toBe(true);
  await keeper.stop();
  expect(keeper.mayStartBody()).toBe(false);
});

test('when renewals fail, bodies stop before the lease ends, and one that succeeds late tells of a lapse', async () => {
  let down = false;
  const { keeper, events, advance } = setup(async () => {
    if (down) throw new Error('down');
    return answer;
  });
  await keeper.start();
  const { generation } = keeper;
  down = true;
  await advance(11_900);
  expect(keeper.mayStartBody()).toBe(true);
  await advance(200);
  expect(keeper.mayStartBody()).toBe(false);
  expect(events[0]).toMatchObject({ name: 'app.fault', task: 'renew lease' });
  down = false;
  await advance(8_000);
  expect([keeper.mayStartBody(), keeper.generation]).toEqual([true, generation + 1]);
  await keeper.stop();
});

test('time in which the answer travelled counts against us', async () => {
  const releases: (() => void)[] = [];
  let slow = false;
  const { keeper, advance } = setup(async () => {
    if (slow) await new Promise<void>((resolve) => releases.push(resolve));
    return answer;
  });
  await keeper.start();
  slow = true;
  await advance(5_000);
  await advance(13_000);
  releases[0]?.();
  await advance(100);
  // Sent 13 s ago: the lease lasts 2 s at most.
  expect([keeper.mayStartBody(), keeper.generation]).toEqual([false, 2]);
  keeper.halt();
});

test('a renewal that is never answered is told and followed by the next, while the lease lasts', async () => {
  let silent = false;
  const { keeper, events, advance } = setup(() =>
    silent ? new Promise<HeartbeatAnswer>(() => {}) : Promise.resolve(answer),
  );
  await keeper.start();
  silent = true;
  await advance(5_000);
  silent = false;
  await advance(10_000);
  expect(events).toMatchObject([{ name: 'app.fault', task: 'renew lease' }]);
  expect([keeper.mayStartBody(), keeper.generation]).toEqual([true, 1]);
  await keeper.stop();
});

test('an answer that comes after the next halt counts for nobody', async () => {
  let release = (): void => {};
  let slow = false;
  const { keeper, renewed, advance } = setup(async () => {
    if (slow) await new Promise<void>((resolve) => (release = resolve));
    return answer;
  });
  await keeper.start();
  slow = true;
  await advance(8_000);
  slow = false;
  await keeper.stop();
  await keeper.start();
  const count = renewed.length;
  release();
  await advance(100);
  expect(renewed).toHaveLength(count);
  await keeper.stop();
});

test('hurried, it renews before its turn, once however often it was asked, and not after its halt', async () => {
  let free = (): void => {};
  const { keeper, calls, advance } = setup(() => new Promise((resolve) => (free = () => resolve(answer))));
  const started = keeper.start();
  await advance(100);
  free();
  await started;
  keeper.hurry();
  keeper.hurry();
  keeper.hurry();
  expect(calls.length).toBe(2);
  free();
  await advance(100);
  expect(calls.length).toBe(3);
  free();
  await advance(100);
  expect(calls.length).toBe(3);
  keeper.halt();
  keeper.hurry();
  await advance(LEASE_MS);
  expect(calls.length).toBe(3);
});

test('one that begins again while its last renewal is unanswered is not ended by the leave of before, and renews once in its turn', async () => {
  const answers: ((value: HeartbeatAnswer) => void)[] = [];
  let isSilent = false;
  const { keeper, calls, advance } = setup(() =>
    isSilent ? new Promise((resolve) => answers.push(resolve)) : Promise.resolve(answer),
  );
  await keeper.start();
  isSilent = true;
  await advance(5_000);
  expect(answers.length).toBe(1);
  calls.length = 0;

  const stopped = keeper.stop();
  isSilent = false;
  const started = keeper.start();
  await advance(200);
  answers[0]?.(answer);
  await Promise.all([stopped, started]);
  await advance(100);
  expect(calls).toEqual(['leave', 'heartbeat']);
  expect(keeper.mayStartBody()).toBe(true);

  calls.length = 0;
  await advance(5_000);
  expect(calls).toEqual(['heartbeat']);
  await keeper.stop();
  calls.length = 0;
  await advance(20_000);
  expect(calls).toEqual([]);
});

test('a renewal that is asked for while the first is sent leaves one timer', async () => {
  let first: ((value: HeartbeatAnswer) => void) | null = null;
  let isSilent = true;
  const { keeper, calls, advance } = setup(() =>
    isSilent ? new Promise((resolve) => (first = resolve)) : Promise.resolve(answer),
  );
  const started = keeper.start();
  await advance(100);
  isSilent = false;
  keeper.hurry();
  await advance(100);
  first!(answer);
  await started;
  calls.length = 0;
  await advance(10_200);
  expect(calls).toEqual(['heartbeat', 'heartbeat']);
  await keeper.stop();
  calls.length = 0;
  await advance(20_000);
  expect(calls).toEqual([]);
});
