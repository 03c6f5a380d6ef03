import { setImmediate as turn } from 'node:timers/promises';
import { memoryStore } from '../../../lib/adapters/memory/memory-store.js';
import { Outcomes } from '../../../lib/dispatch/outcomes.js';
import type { AwaitedOutcome, Run } from '../../../lib/engine/work.js';
import type { ExecutionId } from '../../../lib/model/ids.js';
import type { Lease } from '../../../lib/model/lease.js';
import { StoreDriver } from '../../../lib/testing/conformance/store-driver.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

/** Who waits in a process that runs nothing, at a real store of which the readings are counted and can be held. */
class Scene {
  readonly clock = new ManualClock();
  readonly store = memoryStore({ keep: 100_000 });
  readonly reads: ExecutionId[] = [];
  readonly told = new Map<ExecutionId, AwaitedOutcome>();
  readonly faults: unknown[] = [];
  readonly here = new Set<ExecutionId>();
  gate: Promise<void> = Promise.resolve();
  readonly outcomes: Outcomes;

  private constructor() {
    const read = this.store.read.bind(this.store);
    this.store.read = async (id) => {
      this.reads.push(id);
      await this.gate;
      return read(id);
    };
    this.outcomes = new Outcomes({
      store: this.store,
      clock: this.clock,
      observer: {
        wants: () => true,
        emit: (event) => void (event.name === 'app.fault' && this.faults.push(event.error)),
      },
      pollMs: () => 1_000,
      runsHere: (id) => this.here.has(id),
    });
  }

  static async open(): Promise<{ scene: Scene; d: StoreDriver }> {
    const scene = new Scene();
    const context = { clock: scene.clock, random: { next: () => 0.5 }, warn: () => {} };
    await scene.store.open(context);
    const d = await StoreDriver.start({ store: scene.store, clock: scene.clock, context });
    return { scene, d };
  }

  async await(d: StoreDriver): Promise<Lease> {
    const lease = await d.run();
    this.outcomes.wait(lease.executionId, { told: (outcome) => this.told.set(lease.executionId, outcome) });
    return lease;
  }

  statusOf({ executionId }: Lease): unknown {
    const told = this.told.get(executionId);
    return typeof told === 'object' ? told.status : told;
  }
}

const completed = { record: { status: 'completed' } } as const;

test('of what a change names, only what is awaited is read; of a change that names nothing, nothing', async () => {
  const { scene, d } = await Scene.open();
  const [first, second] = [await scene.await(d), await scene.await(d)];
  const stranger = await d.run();
  for (const lease of [first, second, stranger]) await d.commit(lease, completed);
  await scene.outcomes.read([]);
  await scene.outcomes.read([stranger.executionId]);
  expect(scene.reads).toEqual([]);
  await scene.outcomes.read([first.executionId, stranger.executionId]);
  expect(scene.reads).toEqual([first.executionId]);
  expect([scene.statusOf(first), scene.statusOf(second)]).toEqual(['completed', undefined]);
  await scene.outcomes.read('unknown');
  expect(scene.statusOf(second)).toBe('completed');
  expect([scene.outcomes.waiting, scene.clock.nextTimerAt()]).toEqual([0, null]);
});

test('what is named while a reading is under way is read after it', async () => {
  const { scene, d } = await Scene.open();
  const [first, second, third] = [await scene.await(d), await scene.await(d), await scene.await(d)];
  await d.commit(first, completed);
  let goOn: () => void = () => {};
  scene.gate = new Promise((resolve) => (goOn = resolve));
  void scene.outcomes.read([first.executionId]);
  await turn();
  for (const lease of [second, third]) {
    await d.commit(lease, completed);
    void scene.outcomes.read([lease.executionId]);
  }
  await turn();
  expect(scene.reads).toEqual([first.executionId]);
  goOn();
  await turn();
  expect(scene.reads).toEqual([first, second, third].map(({ executionId }) => executionId));
  expect([first, second, third].map((lease) => scene.statusOf(lease))).toEqual(Array(3).fill('completed'));
});

test('what runs here is told by its pass, unless another process is named as the one that settled it', async () => {
  const { scene, d } = await Scene.open();
  const lease = await scene.await(d);
  scene.here.add(lease.executionId);
  await d.commit(lease, completed);
  await scene.outcomes.read('unknown');
  expect(scene.reads).toEqual([]);
  await scene.outcomes.read([lease.executionId]);
  expect(scene.statusOf(lease)).toBe('completed');
});

test('a reading that fails is told, and made again by the timer', async () => {
  const { scene, d } = await Scene.open();
  const lease = await scene.await(d);
  await d.commit(lease, completed);
  scene.gate = Promise.reject(new Error('the store is away'));
  scene.gate.catch(() => {});
  await scene.outcomes.read([lease.executionId]);
  expect(scene.faults).toEqual([new Error('the store is away')]);
  scene.gate = Promise.resolve();
  scene.clock.advance(1_000);
  await turn();
  expect(scene.statusOf(lease)).toBe('completed');
});

test('whoever waits when it is closed is told, and whoever comes later too; no timer is left', async () => {
  const { scene, d } = await Scene.open();
  const lease = await scene.await(d);
  scene.outcomes.close();
  expect(scene.statusOf(lease)).toBe('closed');
  const late = await scene.await(d);
  expect(scene.statusOf(late)).toBe('closed');
  await scene.outcomes.read('unknown');
  expect([scene.reads, scene.outcomes.waiting, scene.clock.nextTimerAt()]).toEqual([[], 0, null]);
});

/** A pass that runs the execution of that lease in this process. */
function passOf({ executionId: id }: Lease): Run {
  const run = { pass: { record: { id } }, hasEnded: false, outcome: null, waiter: null };
  return run as unknown as Run;
}

describe('who waits for a pass of this process', () => {
  const outcome = { status: 'completed', value: '1', error: null, attempt: 1, startedAt: 0, endedAt: 1 };

  async function waiting() {
    const { scene, d } = await Scene.open();
    const lease = await d.run();
    const run = passOf(lease);
    const told: AwaitedOutcome[] = [];
    const waiter = { told: (each: AwaitedOutcome) => void told.push(each) };
    scene.outcomes.waitForRun(run, waiter);
    return { scene, d, lease, run, told, waiter };
  }

  test('is told by its end, and by nothing else', async () => {
    const { scene, run, told } = await waiting();
    expect([scene.outcomes.waiting, scene.clock.nextTimerAt()]).toEqual([0, null]);
    scene.outcomes.runEnded(Object.assign(run, { hasEnded: true, outcome }));
    scene.outcomes.runEnded(run);
    expect([told, scene.reads]).toEqual([[outcome], []]);
  });

  test('waits on when the execution has not ended, and is told by whatever ends it', async () => {
    const { scene, d, lease, run, told } = await waiting();
    scene.outcomes.runEnded(
      Object.assign(run, { hasEnded: true, outcome: { ...outcome, status: 'waiting' } }),
    );
    expect([told, scene.reads, scene.outcomes.waiting]).toEqual([[], [], 1]);
    await d.commit(lease, completed);
    await scene.outcomes.poll();
    expect(told).toMatchObject([{ status: 'completed' }]);
  });

  test('learns at once what another process has made of it while the pass was lost', async () => {
    const { scene, d, lease, run, told } = await waiting();
    await d.commit(lease, completed);
    await scene.outcomes.read([lease.executionId]);
    expect(told).toEqual([]);
    scene.outcomes.runEnded(Object.assign(run, { hasEnded: true }));
    await turn();
    expect(told).toMatchObject([{ status: 'completed' }]);
  });

  test('waits as everyone else for one that has ended', async () => {
    const { scene, run, waiter } = await waiting();
    scene.outcomes.waitForRun(Object.assign(run, { hasEnded: true }), waiter);
    expect(scene.outcomes.waiting).toBe(1);
  });

  test('is told that the app closes while the pass does not end', async () => {
    const { scene, run, told } = await waiting();
    scene.outcomes.close([run]);
    scene.outcomes.waitForRun(run, { told: (each) => void told.push(each) });
    expect(told).toEqual(['closed', 'closed']);
  });
});
