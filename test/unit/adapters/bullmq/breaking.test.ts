import { Redis } from 'ioredis';
import type { BullmqSettings } from '../../../../lib/adapters/bullmq/bullmq-options.js';
import { FaultGate } from '../../../../lib/adapters/bullmq/fault-gate.js';
import { QueueShelf } from '../../../../lib/adapters/bullmq/queue-shelf.js';
import { systemClock } from '../../../../lib/adapters/system/system-clock.js';
import type { Hint } from '../../../../lib/model/hint.js';
import type { ExecutionId } from '../../../../lib/model/ids.js';
import type { DispatchContext } from '../../../../lib/ports/dispatcher.js';
import { type BullmqDispatcher, bullmqDispatcher, type BullmqDispatcherOptions } from 'holdfast/bullmq';
import { describeRedisServers, redisForTests, startRedis } from '../../../servers/redis-server.js';

const redis = redisForTests();
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
const faults: string[] = [];
const context: DispatchContext = {
  runs: () => ['rows.load'],
  known: () => ['rows.load'],
  concurrency: () => 4,
  fault: (task, error) => faults.push(`${task}: ${String(error)}`),
};

function hint(id: string, route: Partial<NonNullable<Hint['route']>> = {}, wakeSeq = 1): Hint {
  const whole = { definition: 'rows.load', session: null, priority: 0, dueAt: null, ...route };
  return { executionId: id as ExecutionId, wakeSeq, route: whole };
}

async function eventually(isSo: () => boolean | Promise<boolean>, what: string, ms = 8_000): Promise<void> {
  for (const until = Date.now() + ms; !(await isSo()); await pause(10))
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
}

let prefix: string;
let made: BullmqDispatcher[];
let client: Redis;
beforeEach(async () => {
  faults.length = 0;
  made = [];
  prefix = redis.prefix();
  client = new Redis(await redis.url());
});
afterEach(async () => {
  await Promise.all(made.map((dispatcher) => dispatcher.close()));
  client.disconnect();
});

async function open(options: Partial<BullmqDispatcherOptions> = {}): Promise<BullmqDispatcher> {
  const dispatcher = bullmqDispatcher({ connection: await redis.url(), prefix, ...options });
  made.push(dispatcher);
  return dispatcher;
}

redis.describe('options of one publish', () => {
  test.each([
    ['a priority beyond those of BullMQ', { priority: 2 ** 22 }],
    ['a fraction as priority', { priority: 1.5 }],
    ['a delay that is none', { delay: 'tomorrow' }],
    ['a delay below 0', { delay: -5 }],
    ['no attempts', { attempts: 0 }],
    ['a back-off of no kind', { backoff: { type: 'none of ours' } }],
  ])('%s keeps back neither its own hint nor those that go with it', async (_, own) => {
    const dispatcher = await open();
    const seen: string[] = [];
    await dispatcher.start(({ executionId }) => void seen.push(executionId), context);
    await Promise.allSettled([
      dispatcher.send([hint('good-1')]),
      dispatcher.send([hint('odd')], own),
      dispatcher.send([hint('good-2')]),
    ]);
    await eventually(() => seen.length === 3, 'all three');
    expect(seen.toSorted()).toEqual(['good-1', 'good-2', 'odd']);
    expect(faults.join()).toContain(Object.keys(own)[0]);
  });
});

redis.describe('instants', () => {
  test('an instant as late as there are holds up nothing, and is kept', async () => {
    const dispatcher = await open();
    const seen: string[] = [];
    await dispatcher.start(({ executionId }) => void seen.push(executionId), context);
    for (const [at, dueAt] of [
      8.64e15,
      Date.now() + 2 ** 31 + 5,
      Date.now() + 2 ** 40,
      -8.64e15,
      0,
    ].entries())
      await dispatcher.send([hint(`x${at}`, { dueAt })]);
    await dispatcher.send([hint('now')]);
    await eventually(() => seen.length === 3, 'what is due');
    await pause(300);
    expect(seen.toSorted()).toEqual(['now', 'x3', 'x4']);
    expect((await dispatcher.queues())['rows']).toEqual({ waiting: 0, running: 0, delayed: 3 });
  });
});

redis.describe('queues of sessions', () => {
  const lane = { queue: 'lane', laneIdle: 100 } as const;

  test('a process that only sends keeps no queue and no connection of sessions that are over', async () => {
    const worker = await open({ ...lane, lanes: 3 });
    let seen = 0;
    await worker.start(() => void seen++, context);
    const sender = await open({ ...lane, lanes: 3 });
    for (let at = 0; at < 12; at++) {
      await sender.send([hint(`x${at}`, { session: `s${at}` })]);
      await eventually(() => seen === at + 1, 'it arrives');
      await eventually(async () => (await client.keys(`${prefix}:rows@*`)).length === 0, 'removed');
    }
    await eventually(async () => (await sender.getQueues()).length <= 7, 'closed');
    expect(faults).toEqual([]);
  }, 60_000);

  test('a queue of which a job is active when it is removed as idle goes on, and is not left paused', async () => {
    const settings: BullmqSettings = {
      connection: { url: await redis.url() },
      prefix,
      perSession: true,
      lanes: 3,
      laneIdleMs: 100,
      serving: {},
      workers: new Map(),
      worker: {},
      removeOnComplete: true,
      removeOnFail: true,
      buffer: 100,
      clock: systemClock,
    };
    const shelf = new QueueShelf(settings, new FaultGate(systemClock));
    const queue = await shelf.use('rows@a', async (shelved) => shelved.queue);
    await queue.add('row', {});
    // Another process has just taken a job of it.
    await client.rpush(`${prefix}:rows@a:active`, 'of-another');
    await expect(shelf.remove('rows@a')).rejects.toThrow(/active/);
    expect(await queue.isPaused()).toBe(false);
    expect(shelf.all[0] === queue).toBe(true);
    await shelf.close();
  });

  test('what is sent to a queue that is removed just then arrives', async () => {
    const worker = await open({ ...lane, laneIdle: 600 });
    const seen: string[] = [];
    await worker.start(({ executionId }) => void seen.push(executionId), context);
    const sender = await open({ ...lane, laneIdle: 600 });
    for (let at = 0; at < 60; at++) {
      await sender.send([hint(`x${at}`, { session: 'a' })]);
      await pause(37 + 11 * at);
      if (at > 25) break;
    }
    const sent = 27;
    await eventually(() => seen.length === sent, `all ${sent} arrive`, 3_000);
    expect(faults).toEqual([]);
  }, 60_000);
});

redis.describe('one dispatcher', () => {
  /** A dispatcher, and how many connections it has. */
  async function named() {
    const name = `closing-${prefix}`;
    const connection = { url: await redis.url(), connectionName: name };
    const own = bullmqDispatcher({ connection, prefix, queue: 'lane' });
    const connections = async (): Promise<number> => {
      const all = (await client.client('LIST')) as string;
      return all.split('\n').filter((line) => line.includes(`name=${name}`)).length;
    };
    return { own, connections };
  }

  test('closed without being stopped leaves no connection', async () => {
    const { own, connections } = await named();
    await own.start(() => undefined, context);
    await own.send([hint('x1', { session: 'a' })]);
    expect(await connections()).toBeGreaterThan(2);
    await own.close();
    await eventually(async () => (await connections()) === 0, 'all closed', 2_000);
  });

  test.each([
    ['for work', 'x1', null, 'sent'],
    ['that names no execution', '', null, 'sent'],
    ['to a session', 'x1', 's1', 'HintsUndeliveredError'],
  ])('closed while a hint %s is on its way leaves no connection', async (_, id, session, outcome) => {
    const { own, connections } = await named();
    const sent = own.send([hint(id, { session })]).then(
      () => 'sent',
      (error: Error) => error.name,
    );
    await own.close();
    expect(await sent).toBe(outcome);
    await pause(300);
    await eventually(async () => (await connections()) === 0, 'all closed', 2_000);
  });

  test('sends after it was closed, and leaves no connection', async () => {
    const { own, connections } = await named();
    await own.start(() => undefined, context);
    await own.close();
    await own.send([hint('x1', { session: 'a' })]);
    expect(await client.exists(`${prefix}:rows@a:meta`)).toBe(1);
    await eventually(async () => (await connections()) === 0, 'all closed', 2_000);
  });

  test('given to a second app while the first runs is refused, and the first goes on', async () => {
    const dispatcher = await open();
    const first: string[] = [];
    await dispatcher.start(({ executionId }) => void first.push(executionId), context);
    await expect(dispatcher.start(() => undefined, context)).rejects.toThrow(
      /bullmqDispatcher\(\).*another/s,
    );
    await dispatcher.send([hint('x1')]);
    await eventually(() => first.length === 1, 'the first has it');
  });

  test('started where nothing runs yet serves what comes later', async () => {
    const dispatcher = await open();
    let runs: readonly string[] = [];
    const seen: string[] = [];
    await dispatcher.start(({ executionId }) => void seen.push(executionId), {
      ...context,
      runs: () => runs,
    });
    runs = ['rows.load'];
    await dispatcher.refresh();
    await dispatcher.send([hint('x1')]);
    await eventually(() => seen.length === 1, 'it arrives', 3_000);
    expect(seen).toEqual(['x1']);
  });
});

describeRedisServers('a Redis that is away', () => {
  test('hints to sessions are given up beyond the buffer', async () => {
    const server = await startRedis();
    const dispatcher = bullmqDispatcher({
      connection: server.url,
      prefix: 'away',
      queue: 'lane',
      buffer: 50,
    });
    await dispatcher.start(() => undefined, context);
    await server.kill();
    const given = { up: 0 };
    const sent = Array.from({ length: 500 }, (_, at) =>
      dispatcher.send([hint(`x${at}`, { session: `s${at % 250}` })]).catch(() => void given.up++),
    );
    await pause(200);
    expect(given.up).toBeGreaterThanOrEqual(400);
    await dispatcher.close();
    await Promise.all(sent);
    expect(given.up).toBe(500);
    await server.start();
    await dispatcher.send([hint('later', { session: 's1' })]);
    await dispatcher.close();
    await server.stop();
  }, 10_000);

  test('an app that closed serves no session when it is back', async () => {
    const server = await startRedis();
    const dispatcher = bullmqDispatcher({ connection: server.url, prefix: 'away', queue: 'lane' });
    await dispatcher.start(() => undefined, context);
    await dispatcher.send([hint('x1', { session: 'a' })]);
    await pause(700);
    await server.kill();
    const stopped = dispatcher.stop();
    await Promise.race([stopped, pause(300)]);
    await dispatcher.close();
    await server.restart();
    await pause(2_500);
    const look = new Redis(server.url);
    const clients = ((await look.client('LIST')) as string).trim().split('\n');
    expect(clients).toHaveLength(1);
    look.disconnect();
    await server.stop();
  }, 30_000);
});
