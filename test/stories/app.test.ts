import {
  AppClosedError,
  bootstrap,
  ConfigurationError,
  consoleLogger,
  defineEvent,
  DefinitionError,
  DetachedStepError,
  execution,
  fixed,
  Inject,
  localDispatcher,
  memoryStore,
  METRICS,
  OnEvent,
  Retry,
  silentLogger,
  sleep,
  Step,
  step,
  STORE,
  Worker,
  type Dispatcher,
  type LifecycleEvent,
  type Metrics,
  type Publication,
  type Store,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number().default(0) }));

const ran: unknown[] = [];
beforeEach(() => {
  ran.length = 0;
});

@Worker({ id: 'jobs', description: 'does jobs' })
class JobWorker {
  @OnEvent(Start)
  async run({ n }: { n: number }): Promise<number> {
    const doubled = await this.double(n);
    if (n > 100) await sleep('1 hour');
    return doubled;
  }

  @Step()
  async double(n: number): Promise<number> {
    ran.push(n);
    return 2 * n;
  }
}

@Worker('failing')
class FailingWorker {
  @OnEvent(Start)
  async run(): Promise<void> {
    await this.fail();
  }

  @Step()
  @Retry({ maxAttempts: 2, backoff: fixed('1s') })
  async fail(): Promise<void> {
    throw new Error('no');
  }
}

describe('an app', () => {
  test('I1 · is made of workers, a store and a dispatcher, each of them optional', async () => {
    const store = memoryStore();
    const dispatcher = localDispatcher();
    const app = await bootstrap({ workers: [JobWorker], store, dispatcher, logger: silentLogger });
    expect(await app.publish(Start, {})).toMatchObject({ executions: [{ worker: 'jobs' }] });
    expect(app.options).toMatchObject({ store, dispatcher });
    expect(Object.isFrozen(app.options)).toBe(true);
    await app.close();
  });

  test('runs nothing before start and after stop, and nothing at all once it is closed', async () => {
    const app = await bootstrap({ workers: [JobWorker], store: memoryStore(), logger: silentLogger });
    const handle = (await app.publish(Start, { n: 1 })).of(JobWorker, 'run');
    expect([await handle.status(), ran]).toEqual(['pending', []]);
    await app.start();
    await app.start();
    expect(await handle.result()).toBe(2);
    await app.stop();
    await app.stop();
    const later = (await app.publish(Start, { n: 2 })).of(JobWorker, 'run');
    expect([await later.status(), await handle.result()]).toEqual(['pending', 2]);
    await app.start();
    expect(await later.result()).toBe(4);
    await app.close();
    await app.close();
    await expect(app.publish(Start, {})).rejects.toThrow(AppClosedError);
    await expect(app.start()).rejects.toThrow(AppClosedError);
    await expect(handle.status()).rejects.toThrow(AppClosedError);
  });

  test('stores what was published while its dispatcher stopped', async () => {
    const store = memoryStore();
    const write = store.write.bind(store);
    const slow: Store = Object.assign(store, {
      write: async (...given: Parameters<Store['write']>) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return write(...given);
      },
    });
    const local = localDispatcher();
    const published: Promise<Publication>[] = [];
    const dispatcher: Dispatcher = Object.assign(local, {
      stop: async () => void published.push(app.publish(Start, { n: 7 })),
    });
    const app = await bootstrap({ workers: [JobWorker], store: slow, dispatcher, logger: silentLogger });
    await app.close();
    expect((await published[0])?.executions).toHaveLength(1);
    await expect(app.publish(Start, { n: 8 })).rejects.toThrow(AppClosedError);
  });

  test('is given back by await using', async () => {
    let closed: TestApp;
    {
      await using app = await TestApp.create({ workers: [JobWorker] });
      closed = app as TestApp;
      expect(await app.execute(Start, { n: 1 })).toEqual([2]);
    }
    await expect(closed.publish(Start, {})).rejects.toThrow(AppClosedError);
  });

  test('tells its life as lifecycle events', async () => {
    const names: string[] = [];
    const app = await openApp([JobWorker]);
    const remove = app.on('*', (event: LifecycleEvent) => {
      if (event.name !== 'store.written') names.push(event.name);
    });
    await app.execute(Start, { n: 1 });
    await app.stop();
    await app.start();
    expect(names).toEqual(
      [
        'execution.accepted',
        'execution.started',
        'step.started',
        'step.completed',
        'execution.completed',
        'app.draining',
        'app.stopped',
        'app.started',
      ].toSorted((a, b) => names.indexOf(a) - names.indexOf(b)),
    );
    remove();
    await app.execute(Start, { n: 1 });
    expect(names).toHaveLength(8);
  });

  test('A31 · tells retries and failures, and a listener that fails disturbs nobody', async () => {
    const names: string[] = [];
    const app = await openApp([FailingWorker]);
    app.on('*', () => {
      throw new Error('a broken listener');
    });
    for (const name of ['step.failed', 'step.retried', 'execution.waiting', 'execution.failed'] as const)
      app.on(name, (event) => names.push(event.name));
    const handle = (await app.publish(Start, {})).of(FailingWorker);
    await app.advance('1 minute');
    expect(await handle.status()).toBe('failed');
    expect(names).toEqual([
      'step.failed',
      'step.retried',
      'execution.waiting',
      'step.failed',
      'execution.failed',
    ]);
  });

  test('A22 · counts what is stored, by status and worker', async () => {
    const app = await openApp([JobWorker, FailingWorker], { concurrency: 7 });
    await app.publish(Start, { n: 1 });
    await app.publish(Start, { n: 101 }, { id: 'sleeper' });
    await app.publish(Start, { n: 2 }, { delay: '1 day' });
    await app.advance('1 minute');
    const stats = await app.stats();
    expect(stats).toMatchObject({
      workers: 2,
      pending: 2,
      running: 0,
      waiting: 1,
      completed: 1,
      failed: 2,
      parked: 0,
      uptimeMs: 60_000,
      byWorker: { jobs: { completed: 1, waiting: 1, pending: 1 }, failing: { failed: 2, pending: 1 } },
      queues: { local: { running: 0, concurrency: 7 } },
    });
  });

  test('lists executions page by page, by status, worker, session and event', async () => {
    const app = await openApp([JobWorker, FailingWorker]);
    for (let n = 0; n < 5; n++) await app.publish(Start, { n }, { session: n < 2 ? 'a' : 'b' });
    await app.advance('1 minute');
    const first = await app.executions.list({ worker: JobWorker, limit: 3 });
    const rest = await app.executions.list({ worker: 'jobs', limit: 3, after: first.at(-1)?.id ?? '' });
    expect([first.length, rest.length]).toEqual([3, 2]);
    expect(new Set([...first, ...rest].map(({ id }) => id)).size).toBe(5);
    expect(await app.executions.list({ session: 'a', worker: JobWorker })).toHaveLength(2);
    expect(await app.executions.list({ status: 'failed' })).toHaveLength(5);
    expect(await app.executions.list({ event: 'no.such' })).toEqual([]);
    expect(await app.executions.list()).toHaveLength(10);
  });

  test('shows each execution as one flat summary', async () => {
    const app = await openApp([JobWorker], { now: 1_000 });
    const [job] = await app.publish(Start, { n: 101 }, { id: 'e-1', session: 's', priority: 3 });
    await app.settle();
    expect(await app.executions.list()).toEqual([
      {
        id: job?.id,
        worker: 'jobs',
        handler: 'run',
        status: 'waiting',
        waitReason: 'timer',
        event: 'start',
        eventId: 'e-1',
        session: 's',
        priority: 3,
        attempt: 1,
        createdAt: 1_000,
        startedAt: 1_000,
        endedAt: null,
        wakeAt: 3_601_000,
      },
    ]);
  });

  test.each([
    [{ state: 'failed' }, 'executions.list(): state: it is no option. Write status'],
    [{ status: 'done' }, "executions.list(): status: 'done' is not possible. Write 'pending' or 'running'"],
    [{ limit: 0 }, 'executions.list(): limit: 0 is not possible. Write a whole number from 1 to 1000'],
    [{ limit: 1_001 }, '1001 is not possible'],
    [{ limit: 1.5 }, '1.5 is not possible'],
    [{ limit: Infinity, session: 5 }, '2 mistakes in options'],
    [{ worker: 5 }, '5 is not possible'],
    ['failed', "'failed' is no object of options"],
  ])('refuses to list by %j', async (filter, message) => {
    const app = await openApp([JobWorker]);
    const listed = app.executions.list(filter as object);
    await expect(listed).rejects.toBeInstanceOf(ConfigurationError);
    await expect(listed).rejects.toThrow(message);
  });
});

describe('onError', () => {
  test('I33 · B4 · is told once of each execution that fails, with the error as it was thrown', async () => {
    const told: unknown[] = [];
    const app = await openApp([FailingWorker], {
      onError: async (error, where) => {
        told.push([(error as Error).message, where]);
        throw new Error('its own failure is logged, no more');
      },
    });
    const handle = (await app.publish(Start, {})).of(FailingWorker);
    await app.advance('1 minute');
    expect(told).toEqual([
      [
        'no',
        {
          execution: { id: handle.id, worker: 'failing', handler: 'run' },
          step: expect.stringContaining('fail'),
        },
      ],
    ]);
  });
});

describe('configure', () => {
  test('I23 · options shows what is in force, defaults included, and cannot be changed', async () => {
    const app = await openApp([JobWorker], {
      concurrency: 3,
      limits: { keys: 50 },
      retention: { failed: '1 day' },
    });
    expect(app.options).toMatchObject({
      concurrency: 3,
      lease: '15s',
      sweep: '5s',
      drainTimeout: '25s',
      timeout: '5m',
      dedup: '7d',
      executionMode: 'UNTIL_ERROR',
      role: 'both',
      maxCallDepth: 15,
      strict: false,
      retention: { completed: '30d', failed: '1 day' },
      limits: { keys: 50, eventBytes: 262_144, depth: 64 },
    });
    expect([app.options, app.options.limits, app.options.retention].every(Object.isFrozen)).toBe(true);
  });

  test('I22 · I23 · B17 · changes options while the app runs, and options shows them', async () => {
    const metered: string[] = [];
    const metrics: Metrics = {
      increment: (name) => metered.push(name),
      timing: (name) => metered.push(name),
      gauge: () => {},
    };
    const app = await openApp([JobWorker, FailingWorker]);
    app.configure({ concurrency: 3, metrics, onError: (error) => ran.push((error as Error).message) });
    expect(app.options).toMatchObject({ concurrency: 3, metrics });
    await app.publish(Start, { n: 1 });
    await app.advance('1 minute');
    expect(ran).toEqual([1, 'no']);
    expect(metered).toContain('holdfast.execution.completed');
    expect((await app.stats()).queues.local.concurrency).toBe(3);
  });

  test('B3 · concurrency bounds what runs at once', async () => {
    const app = await openApp([JobWorker], { concurrency: 2 });
    const finish: (() => void)[] = [];
    app.override(JobWorker, 'double', (n) => new Promise((resolve) => finish.push(() => resolve(n))));
    await app.publishMany(Array.from({ length: 5 }, (_, n) => [Start, { n }] as const));
    await app.settle();
    expect((await app.stats()).running).toBe(2);
    app.configure({ concurrency: 4 });
    await app.settle();
    expect((await app.stats()).running).toBe(4);
    for (const done of finish) done();
    await app.settle();
    for (const done of finish) done();
    await app.settle();
    expect((await app.stats()).completed).toBe(5);
  });

  test('refuses what is fixed and what is unknown, and says what to do', async () => {
    const app = await openApp([JobWorker]);
    const change = (): void =>
      app.configure({ store: memoryStore(), colour: 'red', concurrency: 0 } as never);
    expect(change).toThrow(ConfigurationError);
    expect(change).toThrow('Close the app and bootstrap a new one');
    expect(change).toThrow('colour');
    expect(change).toThrow('concurrency');
  });

  test('A28 · impossible options of bootstrap are one error that names all of them', async () => {
    const options = {
      workers: [JobWorker],
      concurrency: -1,
      lease: '1 parsec',
      colour: 'red',
      maxCallDepth: 0.5,
    };
    const refused = openApp([JobWorker], options as never);
    await expect(refused).rejects.toThrow(ConfigurationError);
    const { mistakes } = (await refused.catch((error: unknown) => error)) as ConfigurationError;
    expect(mistakes.map(({ option }) => option).toSorted()).toEqual([
      'colour',
      'concurrency',
      'lease',
      'maxCallDepth',
    ]);
  });
});

describe('environment variables', () => {
  const names = [
    'HOLDFAST_CONCURRENCY',
    'HOLDFAST_TIMEOUT',
    'HOLDFAST_MAX_CALL_DEPTH',
    'HOLDFAST_ROLE',
    'HOLDFAST_STORE_URL',
  ];
  afterEach(() => {
    for (const name of names) Reflect.deleteProperty(process.env, name);
  });

  test('A30 · fill options that were left out; code wins', async () => {
    Object.assign(process.env, {
      HOLDFAST_CONCURRENCY: '4',
      HOLDFAST_TIMEOUT: '90s',
      HOLDFAST_MAX_CALL_DEPTH: '3',
      HOLDFAST_ROLE: 'publisher',
      HOLDFAST_STORE_URL: 'memory:',
    });
    const app = await bootstrap({ workers: [JobWorker], concurrency: 6, logger: silentLogger });
    expect(app.options).toMatchObject({ concurrency: 6, timeout: '90s', maxCallDepth: 3, role: 'publisher' });
    expect(app.get(STORE).durability).toContain('memory');
    await app.close();
  });

  test('that are impossible are told like options', async () => {
    process.env['HOLDFAST_CONCURRENCY'] = 'many';
    await expect(bootstrap({ store: memoryStore() })).rejects.toThrow(ConfigurationError);
    process.env['HOLDFAST_CONCURRENCY'] = '4';
    process.env['HOLDFAST_STORE_URL'] = 'oracle://x';
    await expect(bootstrap({})).rejects.toThrow('HOLDFAST_STORE_URL');
  });
});

describe('at run time', () => {
  test('workers are registered and let go', async () => {
    const app = await openApp([]);
    expect([...(await app.publish(Start, {}))]).toEqual([]);
    await app.register(JobWorker);
    expect(await app.execute(Start, { n: 4 })).toEqual([8]);
    await app.unregister(JobWorker);
    const orphan = (await app.publish(Start, { n: 5 })).of(JobWorker, 'run');
    await app.settle();
    expect(await orphan.status()).toBe('pending');
    await app.register(JobWorker);
    expect(await orphan.result()).toBe(10);
    @Worker('broken')
    class Broken {
      @OnEvent('')
      run(): void {}
    }
    await expect(app.register(Broken)).rejects.toThrow(DefinitionError);
  });

  test('a paused worker is claimed by no process until it is resumed', async () => {
    const store = memoryStore();
    const app = await openApp([JobWorker, FailingWorker], { store });
    const peer = await openApp([JobWorker], { store });
    await app.pause(JobWorker);
    await app.settle();
    const published = await peer.publish(Start, { n: 1 });
    await app.advance('1 hour');
    expect([await published.of(JobWorker).status(), await published.of(FailingWorker).status()]).toEqual([
      'pending',
      'failed',
    ]);
    await app.resume(JobWorker);
    expect(await published.of(JobWorker, 'run').result()).toBe(2);
  });
});

describe('interceptors', () => {
  test('B22 · wrap each attempt, the first outermost, and never a memoised result', async () => {
    const app = await openApp([JobWorker], {
      interceptors: [
        async (call, next) => {
          ran.push(`outer ${call.step} ${call.attempt}`);
          return next();
        },
        async (call, next) => {
          ran.push(`inner ${call.worker} ${JSON.stringify(call.args)}`);
          const value = await next();
          return call.step === 'run/double' ? (value as number) + 1 : value;
        },
      ],
    });
    const handle = (await app.publish(Start, { n: 101 })).of(JobWorker, 'run');
    await app.advance('1 hour');
    expect(await handle.result()).toBe(203);
    expect(ran).toEqual([
      'outer run 1',
      'inner jobs [{"n":101}]',
      'outer run/double 1',
      'inner jobs [101]',
      101,
      'outer run 1',
      'inner jobs [{"n":101}]',
    ]);
  });
});

describe('steps outside an execution', () => {
  test('are plain calls, warned of once per method on a worker of a running app', async () => {
    const told: string[] = [];
    const app = await openApp([JobWorker]);
    app.on('step.detached', (event) => told.push(`${event.worker}.${event.step}`));
    const worker = app.get(JobWorker);
    expect([await worker.double(1), await worker.double(2), await new JobWorker().double(3)]).toEqual([
      2, 4, 6,
    ]);
    expect(told).toEqual(['jobs.double']);
  });

  test('throw with strict', async () => {
    const app = await openApp([JobWorker], { strict: true });
    const call = async (): Promise<number> => app.get(JobWorker).double(1);
    await expect(call()).rejects.toThrow(DetachedStepError);
    expect(await app.execute(Start, { n: 1 })).toEqual([2]);
  });
});

describe('steps that call steps', () => {
  @Worker('deep')
  class DeepWorker {
    @OnEvent(Start)
    async run({ n }: { n: number }): Promise<number> {
      return this.down(n);
    }

    @Step()
    async down(n: number): Promise<number> {
      return n === 0 ? 0 : 1 + (await this.down(n - 1));
    }
  }

  test('A29 · may do so 15 deep, or as deep as maxCallDepth says', async () => {
    const app = await openApp([DeepWorker]);
    expect(await app.execute(Start, { n: 14 })).toEqual([14]);
    await expect(app.execute(Start, { n: 15 })).rejects.toMatchObject({ code: 'CALL_DEPTH_EXCEEDED' });
    const shallow = await openApp([DeepWorker], { maxCallDepth: 3 });
    expect(await shallow.execute(Start, { n: 2 })).toEqual([2]);
    const deep = (await shallow.publish(Start, { n: 3 })).of(DeepWorker);
    await expect(deep.result()).rejects.toMatchObject({
      code: 'CALL_DEPTH_EXCEEDED',
      message:
        "step 'run/down/down/down/down' is nested more than 3 deep: end the recursion, or raise maxCallDepth",
    });
    const attempts = (await deep.steps()).map((each) => each.attempt);
    expect(attempts).toEqual([1, 1, 1, 1]);
  });
});

describe('modes', () => {
  @Worker('modes')
  class ModeWorker {
    @OnEvent(Start)
    async run(): Promise<number> {
      ran.push('pass');
      const first = await step('one', () => 1);
      const [second, third] = await Promise.all([step('two', () => 2), step('three', () => 3)]);
      return first + second + third;
    }
  }

  test('I16 · UNTIL_ERROR runs on in one pass, resumable like the other', async () => {
    const app = await openApp([ModeWorker]);
    expect([await app.execute(Start, {}), ran]).toEqual([[6], ['pass']]);
  });

  test('I15 · ISOLATED hands the execution back after each frontier of steps', async () => {
    const app = await openApp([ModeWorker], { executionMode: 'ISOLATED' });
    expect([await app.execute(Start, {}), ran]).toEqual([[6], ['pass', 'pass', 'pass']]);
    const claims = app.fired().filter((each) => each.step === null);
    expect(claims).toHaveLength(3);
  });
});

describe('parts', () => {
  @Worker('parts')
  class PartsWorker {
    constructor(
      @Inject(METRICS) private readonly metrics: Metrics,
      @Inject(STORE) readonly store: Store,
      @Inject('greeting') private readonly greeting: string,
    ) {}

    @OnEvent(Start)
    async run(): Promise<string> {
      this.metrics.increment('parts.run', { handler: execution().handler });
      return this.greeting;
    }
  }

  test('I32 · B21 · metrics are any object with three methods; one that throws disturbs nothing', async () => {
    const metered: unknown[] = [];
    const metrics: Metrics = {
      increment: (name, tags, value = 1) => metered.push([name, tags, value]),
      timing: (name, tags, [startMs, endMs]) => metered.push([name, tags, endMs - startMs]),
      gauge: () => {
        throw new Error('a broken gauge');
      },
    };
    const app = await openApp([PartsWorker], {
      metrics,
      providers: [{ provide: 'greeting', useFactory: () => 'hello' }],
    });
    expect(await app.execute(Start, {})).toEqual(['hello']);
    expect(metered).toContainEqual(['parts.run', { handler: 'run' }, 1]);
    expect(metered).toContainEqual(['holdfast.execution.completed', { worker: 'parts', handler: 'run' }, 0]);
    app.configure({
      metrics: {
        increment: () => {
          throw new Error('broken');
        },
        timing: () => {
          throw new Error('broken');
        },
        gauge: () => {},
      },
    });
    expect(await app.execute(Start, {})).toEqual(['hello']);
  });

  test('B23 · tokens of the framework replace its parts', async () => {
    const store = memoryStore();
    const metered: string[] = [];
    const metrics: Metrics = { increment: (name) => metered.push(name), timing: () => {}, gauge: () => {} };
    const app = await openApp([PartsWorker], {
      providers: [
        { provide: STORE, useValue: store },
        { provide: METRICS, useValue: metrics },
        { provide: 'greeting', useValue: 'hi' },
      ],
    });
    expect(await app.execute(Start, {})).toEqual(['hi']);
    expect(app.get(PartsWorker).store).toBe(store);
    expect(store.getState()).toEqual(expect.any(Object));
    expect(metered).toContain('parts.run');
  });

  test('I31 · B5 · loggers are silent, the console, or any object with four methods; one that throws disturbs nothing', async () => {
    const lines: unknown[] = [];
    const write = (message: string): number => lines.push(message);
    const broken = {
      debug: write,
      info: write,
      warn: write,
      error: (): never => {
        throw new Error('the log is full');
      },
    };
    const app = await openApp([FailingWorker], { logger: broken });
    const handle = (await app.publish(Start, {})).of(FailingWorker);
    await app.advance('1 minute');
    expect(await handle.status()).toBe('failed');
    expect(lines).toContain('step failed and will be retried');
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const debug = jest.spyOn(console, 'debug').mockImplementation(() => {});
    const logger = consoleLogger({ level: 'warn' });
    logger.debug('unseen');
    logger.warn('seen');
    silentLogger.error('unseen');
    expect([warn.mock.calls.length, debug.mock.calls.length]).toEqual([1, 0]);
    warn.mockRestore();
    debug.mockRestore();
  });

  test('I27 · a memory store shows, takes and forgets its content as plain data that it shares with nobody', async () => {
    const store = memoryStore();
    const app = await openApp([JobWorker], { store });
    const { id } = (await app.publish(Start, { n: 101 })).of(JobWorker);
    await app.settle();
    const state = store.getState();
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    await app.advance('1 hour');
    expect(await app.execution(id).result()).toBe(202);
    await app.close();
    const restored = memoryStore();
    restored.setState(state);
    const next = await openApp([JobWorker], { store: restored });
    await next.advance('1 hour');
    expect([await next.execution(id).result(), ran]).toEqual([202, [101]]);
    restored.clear();
    expect(await next.executions.list()).toEqual([]);
  });

  test('retention removes what has ended, and keeps what is open', async () => {
    const app = await openApp([JobWorker, FailingWorker], {
      retention: { completed: '1 day', failed: '3 days' },
    });
    await app.publish(Start, { n: 1 });
    await app.publish(Start, { n: 2 }, { delay: '10 days' });
    await app.advance('2 days');
    expect((await app.executions.list()).map(({ status }) => status).toSorted()).toEqual([
      'failed',
      'pending',
      'pending',
    ]);
    await app.advance('2 days');
    expect((await app.executions.list()).map(({ status }) => status)).toEqual(['pending', 'pending']);
  });
});
