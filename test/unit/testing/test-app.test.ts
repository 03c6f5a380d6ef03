import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsString } from 'class-validator';
import {
  AppClosedError,
  CLOCK,
  type Clock,
  Compensate,
  Event,
  Every,
  execution,
  fixed,
  Inject,
  ConfigurationError,
  InvalidEventError,
  memoryStore,
  OnEvent,
  Retry,
  RetryAfterError,
  sleep,
  sqliteStore,
  Step,
  Timeout,
  Worker,
} from 'holdfast';
import { SettleTimeoutError, TestApp, VirtualClock } from 'holdfast/testing';

@Event('order.placed')
class OrderPlaced {
  @IsString() orderId!: string;
}

class Payments {
  readonly charged: string[] = [];
  charge(orderId: string): string {
    this.charged.push(orderId);
    return `receipt ${orderId}`;
  }
}

@Worker('orders')
class OrderWorker {
  constructor(readonly payments: Payments) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced): Promise<string> {
    const receipt = await this.charge(order.orderId);
    await sleep('30 days');
    return this.confirm(receipt);
  }

  @Step()
  charge(orderId: string): string | Promise<string> {
    return this.payments.charge(orderId);
  }

  @Step()
  confirm(receipt: string): string {
    return `confirmed ${receipt}`;
  }
}

const apps: TestApp[] = [];

async function create(options: Parameters<typeof TestApp.create>[0] = {}): Promise<TestApp> {
  const app = await TestApp.create({ workers: [OrderWorker], ...options });
  apps.push(app);
  return app;
}

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const order = { orderId: 'o-1' };

test('a sleeping execution goes on when time has been moved far enough, and not before', async () => {
  const app = await create();
  const handle = (await app.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
  await app.advance('29 days');
  expect(await handle.status()).toBe('waiting');
  const result = handle.result();
  await app.advance('1 day');
  await expect(result).resolves.toBe('confirmed receipt o-1');
  expect(app.get(Payments).charged).toEqual(['o-1']);
});

test('time begins at now and is what executions see', async () => {
  const app = await create({ now: new Date('2030-05-01T00:00:00Z') });
  const handle = (await app.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
  await app.advance('30 days');
  const { executionTime, metadata } = await handle.outcome();
  expect([metadata.startedAt, executionTime]).toEqual([Date.parse('2030-05-01'), 30 * 86_400_000]);
});

test('due work is done without moving time', async () => {
  const app = await create({ concurrency: 2 });
  const published = await app.publishMany(
    Array.from({ length: 20 }, (_, n) => [OrderPlaced, { orderId: `o-${n}` }] as const),
  );
  const before = app.clock.now();
  await app.settle();
  expect(app.get(Payments).charged).toHaveLength(20);
  expect(app.clock.now()).toBe(before);
  await app.advance('30 days');
  await Promise.all(published.map((each) => each.of(OrderWorker).result()));
});

test('an override replaces a body until it is undone', async () => {
  const app = await create();
  const undo = app.override(OrderWorker, 'charge', (orderId) => `fake ${orderId}`);
  const first = (await app.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
  await app.settle();
  undo();
  const second = (await app.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
  await app.advance('30 days');
  expect(await Promise.all([first.result(), second.result()])).toEqual([
    'confirmed fake o-1',
    'confirmed receipt o-1',
  ]);
  expect((await first.steps()).map((step) => step.path)).toEqual([
    'fulfil/charge',
    'fulfil/sleep',
    'fulfil/confirm',
  ]);
});

test('a handler can be overridden too, and what is neither handler nor step is refused', async () => {
  const app = await create();
  app.override(OrderWorker, 'fulfil', async (placed) => placed.orderId);
  expect(await app.execute(OrderPlaced, order)).toEqual(['o-1']);
  expect(() => app.override(OrderWorker, 'charged' as 'charge', () => ({}) as never)).toThrow(
    'neither a step nor a handler of this app. Write charge',
  );
  expect(() => app.override(Payments, 'charge', () => '')).toThrow('write { provide: Payments, useValue }');
});

test('after a crash and a restart the work goes on at its last checkpoint, with new instances', async () => {
  const app = await create();
  app.override(OrderWorker, 'confirm', () => 'overridden');
  const before = app.get(OrderWorker);
  const handle = (await app.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
  const result = handle.result();
  await app.settle();
  await app.crash();
  await app.restart();
  expect(app.get(OrderWorker)).not.toBe(before);
  await app.advance('30 days');
  await expect(result).resolves.toBe('overridden');
  await expect(handle.result()).resolves.toBe('overridden');
  expect(app.fired().map(({ step }) => step)).toEqual([null, 'fulfil/charge', null, 'fulfil/confirm']);
});

test('an execution that ran when its process died is taken up at once after the restart', async () => {
  const app = await create();
  let calls = 0;
  app.override(OrderWorker, 'charge', () => (++calls === 1 ? new Promise(() => {}) : 'second'));
  const handle = (await app.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
  await app.settle();
  expect(await handle.status()).toBe('running');
  await app.crash();
  await app.restart();
  await app.settle();
  expect([calls, await handle.status()]).toEqual([2, 'waiting']);
});

describe('two apps on one store', () => {
  test('share time and work, and one takes over from the other when it crashed', async () => {
    const store = memoryStore();
    const first = await create({ store });
    const second = await create({ store });
    first.override(OrderWorker, 'charge', () => new Promise<string>(() => {}));
    const handle = (await first.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
    await first.settle();
    await second.advance('4 minutes');
    expect(second.get(Payments).charged).toEqual([]);
    await first.crash();
    await second.settle();
    expect(second.get(Payments).charged).toEqual(['o-1']);
    await second.advance('30 days');
    await expect(second.execution(handle.id).result()).resolves.toBe('confirmed receipt o-1');
  });

  test('a paused process loses its lease, and its late commit is refused', async () => {
    const store = memoryStore();
    const first = await create({ store });
    const second = await create({ store });
    let finish = (_: string): void => {};
    first.override(OrderWorker, 'charge', () => new Promise<string>((resolve) => (finish = resolve)));
    const handle = (await first.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
    const result = handle.result();
    await first.settle();
    await first.pause();
    finish('zombie');
    await second.advance('10s');
    expect(second.get(Payments).charged).toEqual([]);
    await second.advance('15s');
    expect(second.get(Payments).charged).toEqual(['o-1']);
    await first.resume();
    await first.advance('31 days');
    await expect(result).resolves.toBe('confirmed receipt o-1');
    expect((await handle.steps())[0]?.value).toBe('receipt o-1');
  });

  test('a process that is resumed within its lease keeps its work', async () => {
    const store = memoryStore();
    const first = await create({ store });
    const second = await create({ store });
    let finish = (_: string): void => {};
    first.override(OrderWorker, 'charge', () => new Promise<string>((resolve) => (finish = resolve)));
    const handle = (await first.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
    await first.settle();
    await first.pause();
    finish('in time');
    await second.advance('10s');
    await first.resume();
    await first.advance('30 days');
    expect(await handle.result()).toBe('confirmed in time');
    expect(second.get(Payments).charged).toEqual([]);
  });
});

@Worker('waits')
class WaitingWorker {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  @OnEvent(OrderPlaced)
  async handle(): Promise<string> {
    return this.work();
  }

  @Step()
  @Timeout('10s')
  @Retry({ maxAttempts: 2, backoff: fixed('1s') })
  work(): Promise<string> {
    return Promise.resolve('done');
  }

  wait(ms: number): Promise<string> {
    return new Promise((resolve) => void this.clock.setTimer(ms, () => resolve('waited')));
  }
}

test('what is no duration rejects, and is shown as it was written', async () => {
  const app = await create();
  const refused = await app.advance('29 minutes 59s' as '1s').catch((error: unknown) => String(error));
  expect(refused).toContain(
    "advance(): '29 minutes 59s' is not possible. Write ms or text such as '30s' or '5 minutes'",
  );
  await expect(app.advance(-5)).rejects.toThrow(ConfigurationError);
});

describe('a body that does not end at once', () => {
  test('on the virtual clock is let be until its time has come', async () => {
    const app = await create({ workers: [WaitingWorker] });
    app.override(WaitingWorker, 'work', function () {
      return this.wait(5_000);
    });
    const handle = (await app.publish(OrderPlaced, order)).of(WaitingWorker, 'handle');
    await app.advance('4999ms');
    expect(await handle.status()).toBe('running');
    await app.advance('1ms');
    expect(await handle.result()).toBe('waited');
  });

  test('for ever is ended by its timeout, exactly', async () => {
    const app = await create({ workers: [WaitingWorker] });
    const start = app.clock.now();
    app.override(WaitingWorker, 'work', () =>
      execution().isRetry ? 'again' : new Promise<string>(() => {}),
    );
    const handle = (await app.publish(OrderPlaced, order)).of(WaitingWorker, 'handle');
    await app.advance('1 minute');
    expect(await handle.result()).toBe('again');
    expect(app.fired().map(({ at, step }) => [at - start, step])).toEqual([
      [0, null],
      [0, 'handle/work'],
      [11_000, null],
      [11_000, 'handle/work'],
    ]);
  });

  test('on real I/O is awaited before time moves', async () => {
    const server = createServer((_, answer) => setTimeout(() => answer.end('pong'), 30)).listen(0);
    const { port } = server.address() as AddressInfo;
    const app = await create({ workers: [WaitingWorker] });
    app.override(WaitingWorker, 'work', async () => (await fetch(`http://127.0.0.1:${port}`)).text());
    const handle = (await app.publish(OrderPlaced, order)).of(WaitingWorker, 'handle');
    await app.advance('1 hour');
    expect(await handle.result()).toBe('pong');
    expect(app.fired()).toHaveLength(2);
    server.closeAllConnections();
    server.close();
  });

  /** A connection that is open before the app is made, and whose server answers late. */
  async function connected(answerMs: number) {
    const server = createTcpServer((peer) => {
      peer.on('error', () => undefined);
      // A timer that does not count: such a server is another process.
      peer.on('data', () => setTimeout(() => peer.write('pong'), answerMs).unref());
    }).listen(0);
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await Promise.all([once(socket, 'connect'), once(server, 'connection')]);
    const close = (): void => {
      socket.destroy();
      server.close();
    };
    return { socket, close };
  }

  test('on nothing real is not held up by a connection that somebody left open before', async () => {
    const { close } = await connected(0);
    const app = await create({ workers: [WaitingWorker] });
    app.override(WaitingWorker, 'work', () =>
      execution().isRetry ? 'again' : new Promise<string>(() => {}),
    );
    const handle = (await app.publish(OrderPlaced, order)).of(WaitingWorker, 'handle');
    await app.advance('1 minute');
    expect(await handle.result()).toBe('again');
    close();
  });

  test('on a connection that was open before is awaited before time moves', async () => {
    const { socket, close } = await connected(700);
    const app = await create({ workers: [WaitingWorker] });
    app.override(WaitingWorker, 'work', async () => {
      socket.write('ping');
      return String(await once(socket, 'data'));
    });
    const handle = (await app.publish(OrderPlaced, order)).of(WaitingWorker, 'handle');
    await app.advance('1 hour');
    expect([await handle.result(), app.fired().length]).toEqual(['pong', 2]);
    close();
  });

  test('on a timer of the machine is awaited before time moves', async () => {
    const app = await create({ workers: [WaitingWorker] });
    app.override(
      WaitingWorker,
      'work',
      () => new Promise((resolve) => setTimeout(() => resolve('rested'), 120)),
    );
    const handle = (await app.publish(OrderPlaced, order)).of(WaitingWorker, 'handle');
    await app.advance('1 hour');
    expect([await handle.result(), app.fired().length]).toEqual(['rested', 2]);
  });

  test('on real I/O that does not come is named after 5 s', async () => {
    const server = createServer(() => {}).listen(0);
    const { port } = server.address() as AddressInfo;
    const app = await create({ workers: [WaitingWorker] });
    app.override(WaitingWorker, 'work', async () => (await fetch(`http://127.0.0.1:${port}`)).text());
    await app.publish(OrderPlaced, order);
    const settled = app.advance('1 hour');
    await expect(settled).rejects.toThrow(SettleTimeoutError);
    await expect(settled).rejects.toThrow('waits.work');
    server.closeAllConnections();
    server.close();
  }, 15_000);
});

@Worker('fails')
class FailingWorker {
  @OnEvent(OrderPlaced)
  async handle(_: OrderPlaced): Promise<number> {
    return this.fail();
  }

  @Step()
  @Retry({ maxAttempts: 1 })
  fail(): number {
    throw new Error('no');
  }
}

@Worker('ships')
class ShipWorker {
  constructor(private readonly payments: Payments) {}

  @OnEvent(OrderPlaced)
  accept(_: OrderPlaced): string[] {
    return ['a', 'b'];
  }

  @Step({ after: 'accept' })
  charge(_: string[]): string {
    return this.payments.charge('at all');
  }

  @Compensate('charge')
  refund(receipt: string): void {
    this.payments.charge(`undo ${receipt}`);
  }

  @Step({ after: ['accept', 'charge'], each: (items: string[], _: string) => items })
  ship(item: string): string {
    return this.payments.charge(`ship ${item}`);
  }
}

describe('run', () => {
  test('gives recorded results instead of calling bodies, and stops before a step', async () => {
    const app = await create();
    const stopped = await app.run(OrderWorker, 'fulfil', order, {
      given: { charge: 'given' },
      until: 'confirm',
    });
    expect([stopped.status, stopped.steps.map(({ path, value }) => [path, value])]).toEqual([
      'waiting',
      [
        ['fulfil/charge', 'given'],
        ['fulfil/sleep', undefined],
      ],
    ]);
    await app.advance('30 days');
    expect(await stopped.handle.status()).toBe('parked');
    expect(app.get(Payments).charged).toEqual([]);
  });

  test('stops before the very first step', async () => {
    const app = await create();
    const run = await app.run(OrderWorker, 'fulfil', order, { until: 'charge' });
    expect([run.status, run.steps, await run.handle.status()]).toEqual(['stopped', [], 'parked']);
  });

  test('stops before a step and goes on with it where it is resumed, and nothing is undone meanwhile', async () => {
    const app = await create({ workers: [ShipWorker] });
    const run = await app.run(ShipWorker, 'accept', order, { given: { charge: 'receipt' }, until: 'ship' });
    expect([run.status, run.steps.map(({ path, value }) => [path, value]), run.unused]).toEqual([
      'stopped',
      [['accept/charge', 'receipt']],
      [],
    ]);
    await app.advance('1 day');
    await expect(run.handle.result()).rejects.toMatchObject({
      name: 'ParkedError',
      cause: { message: "run() stopped before 'ship', as `until` says. resume() goes on from there" },
    });
    expect(app.get(Payments).charged).toEqual([]);
    await run.handle.resume();
    expect(await run.handle.result()).toEqual(['a', 'b']);
    expect(app.get(Payments).charged.toSorted()).toEqual(['ship a', 'ship b']);
  });

  test('is undone as any other where it is cancelled after it has stopped', async () => {
    const app = await create({ workers: [ShipWorker] });
    const run = await app.run(ShipWorker, 'accept', order, { given: { charge: 'receipt' }, until: 'ship' });
    await run.handle.cancel();
    await app.settle();
    expect([await run.handle.status(), app.get(Payments).charged]).toEqual(['cancelled', ['undo receipt']]);
  });

  test('reports the value, or the error with its steps', async () => {
    const app = await create({ workers: [FailingWorker] });
    expect(await app.run(FailingWorker, 'handle', order)).toMatchObject({
      status: 'failed',
      error: { failedStep: 'handle/fail' },
    });
    expect(await app.run(FailingWorker, 'handle', order, { given: { fail: 7 } })).toMatchObject({
      status: 'completed',
      value: 7,
    });
  });

  test('tells which names it has not come to', async () => {
    const app = await create({ workers: [FailingWorker] });
    const run = await app.run(FailingWorker, 'handle', order, { given: { 'handle/fail': 7 }, until: 'fail' });
    expect([run.status, run.unused]).toEqual(['stopped', ['handle/fail']]);
    const early = await app.run(FailingWorker, 'handle', order, { given: { fail: 7 } });
    expect(early.unused).toEqual([]);
  });

  test.each([
    [{ given: { fial: 7 } }, ConfigurationError, "run(): the run has not met 'fial', which is no step"],
    [{ given: { fail: 7 }, until: 'handle/fial' }, ConfigurationError, 'Write fail'],
    [{ gven: { fail: 7 } }, ConfigurationError, 'run(): gven: it is no option. Write given'],
    [{ until: 5 }, ConfigurationError, 'run(): until: 5 is not possible. Write text'],
  ])('refuses %j', async (options, type, message) => {
    const app = await create({ workers: [FailingWorker] });
    const run = app.run(FailingWorker, 'handle', order, options as never);
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toBeInstanceOf(type);
  });

  test('refuses data that the event refuses, and methods that are no handlers', async () => {
    const app = await create();
    await expect(app.run(OrderWorker, 'fulfil', { orderId: 1 as never })).rejects.toThrow(InvalidEventError);
    await expect(app.run(OrderWorker, 'charge', 'o-1')).rejects.toThrow(
      /^1 mistake in options:\n {2}- run\(\): OrderWorker\.charge is no handler/,
    );
  });
});

test.each([
  ['text', '2026-05-01T00:00:00Z' as never],
  ['an invalid Date', new Date('nonsense')],
  ['no finite number', Number.NaN],
])('a beginning that is no instant is refused: %s', async (_, now) => {
  await expect(create({ now })).rejects.toThrow(/now: found .*Write a valid Date/);
});

test('apps on stores that are different objects share time by a clock', async () => {
  const clock = new VirtualClock(0);
  const first = await create({ store: memoryStore(), clock });
  const second = await create({ store: memoryStore(), clock });
  await first.advance('1s');
  expect([second.clock.now(), second.get(CLOCK)]).toEqual([1_000, clock]);
});

test('everything works on SQLite as well', async () => {
  const app = await create({ store: sqliteStore(':memory:') });
  const handle = (await app.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
  await app.settle();
  await app.crash();
  await app.restart();
  await app.advance('30 days');
  expect(await handle.result()).toBe('confirmed receipt o-1');
});

test('a paused app, a crashed one and one that was never restarted are closed like any other', async () => {
  const paused = await create();
  paused.override(OrderWorker, 'charge', () => new Promise<string>(() => {}));
  await paused.publish(OrderPlaced, order);
  await paused.pause();
  await paused.close();
  const crashed = await create();
  await crashed.crash();
  await expect(crashed.publish(OrderPlaced, order)).rejects.toThrow(
    'publish() was called on an app that crash() has ended: `await app.restart()` goes on',
  );
  expect(() => crashed.execution('o-1')).toThrow(AppClosedError);
  await crashed.restart();
  await crashed.publish(OrderPlaced, order);
  await crashed.crash();
  await crashed.close();
  await expect(crashed.publish(OrderPlaced, order)).rejects.toThrow('closed app: bootstrap a new one');
  await expect(crashed.close()).resolves.toBeUndefined();
});

test('what a container built in any life is disposed when the app is closed', async () => {
  const disposed: object[] = [];
  class Connection {
    [Symbol.dispose](): void {
      disposed.push(this);
    }
  }
  const app = await create({ providers: [Connection] });
  app.get(Connection);
  await app.crash();
  await app.restart();
  expect(disposed).toEqual([]);
  app.get(Connection);
  await app.close();
  expect(new Set(disposed).size).toBe(2);
});

test('a year passes in one test, however many executions sleep', async () => {
  const app = await create({ store: memoryStore({ keep: 10_000 }) });
  const published = await app.publishMany(
    Array.from({ length: 500 }, (_, n) => [OrderPlaced, { orderId: `o-${n}` }] as const),
  );
  const results = Promise.all(published.map((each) => each.of(OrderWorker, 'fulfil').result()));
  for (let month = 0; month < 12; month++) await app.advance('31 days');
  expect(await results).toHaveLength(500);
});

test('a zero delay needs nobody to move time, and each attempt asks which override holds', async () => {
  const app = await create({ workers: [WaitingWorker] });
  const bodies: string[] = [];
  app.override(WaitingWorker, 'work', async () => {
    bodies.push('first');
    throw new RetryAfterError('at once', 0);
  });
  const undo = app.override(WaitingWorker, 'work', async () => {
    bodies.push('second');
    throw new RetryAfterError('at once', 0);
  });
  app.on('step.retried', () => {
    undo();
    app.override(WaitingWorker, 'work', async () => 'third');
  });
  expect([await app.execute(OrderPlaced, order), bodies]).toEqual([['third'], ['second']]);
});

@Worker('pairs')
class PairWorker {
  @OnEvent(OrderPlaced)
  async run(): Promise<string[]> {
    return Promise.all([this.slow(), this.quick()]);
  }

  @Step()
  async slow(): Promise<string> {
    return 'slow';
  }

  @Step()
  @Retry({ backoff: fixed('1s') })
  async quick(): Promise<string> {
    return 'quick';
  }
}

test('a body comes back for the next attempt when its override is undone while the pass goes on', async () => {
  const app = await create({ workers: [PairWorker] });
  let finish = (_: string): void => {};
  app.override(PairWorker, 'slow', () => new Promise<string>((resolve) => (finish = resolve)));
  const undo = app.override(PairWorker, 'quick', () => {
    throw new Error('not yet');
  });
  const handle = (await app.publish(OrderPlaced, order)).of(PairWorker, 'run');
  await app.settle();
  undo();
  await app.advance('1s');
  finish('finished');
  expect(await handle.result()).toEqual(['finished', 'quick']);
  expect(app.fired().filter(({ step }) => step === null)).toHaveLength(1);
});

test('closing drops a body that never ends', async () => {
  const app = await create();
  app.override(OrderWorker, 'charge', () => new Promise<string>(() => {}));
  await app.publish(OrderPlaced, order);
  await app.settle();
  await app.close();
  await expect(app.close()).resolves.toBeUndefined();
});

test('after a long move, housekeeping is as close as in production', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-app-'));
  const file = join(folder, 'shared.db');
  const clock = new VirtualClock();
  const first = await create({ store: sqliteStore(file), clock });
  const second = await create({ store: sqliteStore(file), clock });
  await first.advance('60 days');
  first.override(OrderWorker, 'charge', () => new Promise<string>(() => {}));
  const handle = (await first.publish(OrderPlaced, order)).of(OrderWorker, 'fulfil');
  await first.settle();
  await first.pause();
  await second.advance('22s');
  expect(second.get(Payments).charged).toEqual(['o-1']);
  await second.advance('30 days');
  expect(await second.execution(handle.id).result()).toBe('confirmed receipt o-1');
  await first.close();
  await second.close();
  rmSync(folder, { recursive: true });
});

test('what ended is kept, however much has ended since', async () => {
  @Worker('ticks')
  class Ticks {
    @Every('20 minutes') tick(): void {}
  }
  await using app = await TestApp.create({ workers: [OrderWorker, Ticks] });
  const order = (await app.publish(OrderPlaced, { orderId: '1' })).of(OrderWorker, 'fulfil');
  await app.advance('30 days');
  await app.advance('15 days');
  expect(await order.result()).toBe('confirmed receipt 1');
});

test('a memory store of the test keeps what it says, and the error names it', async () => {
  await using app = await TestApp.create({ workers: [OrderWorker], store: memoryStore({ keep: 0 }) });
  const order = (await app.publish(OrderPlaced, { orderId: '1' })).of(OrderWorker, 'fulfil');
  await app.advance('30 days');
  await expect(order.result()).rejects.toThrow(/retention or the keep of a memoryStore\(\) has removed it/);
});
