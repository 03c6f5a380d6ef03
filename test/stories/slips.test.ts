import {
  bootstrap,
  ConfigurationError,
  defineEvent,
  DefinitionError,
  Event,
  memoryStore,
  OnEvent,
  silentLogger,
  sqliteStore,
  Step,
  Worker,
  type BootstrapOptions,
} from 'holdfast';
import { z } from 'zod';
import { TestApp } from 'holdfast/testing';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number().default(0) }));

@Worker('jobs')
class JobWorker {
  @OnEvent(Start)
  async run({ n }: { n: number }): Promise<number> {
    return this.double(n);
  }

  @Step()
  async double(n: number): Promise<number> {
    return 2 * n;
  }
}

const quiet = { store: memoryStore(), logger: silentLogger };

function boot(options: object): Promise<unknown> {
  return bootstrap({ ...quiet, ...options } as BootstrapOptions);
}

describe('an option that there is not', () => {
  test.each<[string, () => unknown, string]>([
    [
      'sqliteStore({ sychronous })',
      () => sqliteStore({ path: 'x', sychronous: 'FULL' } as never),
      'sqliteStore(): sychronous: it is no option. Write synchronous',
    ],
    [
      'sqliteStore()',
      () => sqliteStore(undefined as never),
      "sqliteStore(): undefined is no object of options. Write sqliteStore('./.holdfast/holdfast.db')",
    ],
    [
      'memoryStore({ keeep })',
      () => memoryStore({ keeep: 5 } as never),
      'memoryStore(): keeep: it is no option. Write memoryStore() or memoryStore({ keep: 1000 })',
    ],
  ])('%s says what to write', (_, make, message) => {
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });

  test.each<[object, string]>([
    [{ retention: { complete: '1d' } }, 'retention.complete: it is no retention. Write completed'],
    [{ workers: JobWorker }, 'workers: class JobWorker is not possible. Write [JobWorker]'],
    [{ store: 'sqlite:x.db' }, "store: 'sqlite:x.db' is not possible. Write sqliteStore('x.db')"],
    [{ store: 'memory:' }, 'Write memoryStore()'],
    [{ retention: '30d' }, "retention: '30d' is not possible. Write { completed, failed }"],
    [
      { container: {} },
      'container: what was given is not possible. Give an object with the methods createChildContainer',
    ],
    [
      { types: [Date, undefined] },
      'types[1]: undefined is not possible. List classes; look for a circular import where it is undefined',
    ],
    [
      { interceptors: [undefined] },
      'interceptors[0]: undefined is not possible. List functions; look for a circular import',
    ],
    [{ concurency: 5 }, 'concurency: it is no option. Write concurrency'],
    [{ colour: 5 }, 'colour: it is no option. Write one of concurrency, logger'],
  ])('bootstrap(%j) says what to write', async (options, message) => {
    await expect(boot(options)).rejects.toBeInstanceOf(ConfigurationError);
    await expect(boot(options)).rejects.toThrow(message);
  });

  test.each([
    ['bootstrap()', (options: unknown) => bootstrap(options as BootstrapOptions)],
    ['TestApp.create()', (options: unknown) => TestApp.create(options as object)],
  ])('%s says what to write where workers stand for the options', async (call, make) => {
    class Other {}
    const form = `${call}: a list is no object of options. Write { workers: `;
    await expect(make([JobWorker])).rejects.toBeInstanceOf(ConfigurationError);
    await expect(make([JobWorker])).rejects.toThrow(`${form}[JobWorker] }`);
    await expect(make([JobWorker, Other, Other, Other])).rejects.toThrow(
      `${form}[JobWorker, Other, Other, …] }`,
    );
    await expect(make([undefined])).rejects.toThrow(`${form}[OrderWorker] }`);
    await expect(make(JobWorker)).rejects.toThrow(
      `${call}: class JobWorker is no object of options. Write { workers: [JobWorker] }`,
    );
    await expect(make(null)).rejects.toThrow(`${call}: null is no object of options`);
  });

  test.each<[object, string]>([
    [{ nwo: 5 }, 'nwo: it is no option. Write now'],
    [{ clok: 5 }, 'clok: it is no option. Write clock'],
    [{ concurency: 5 }, 'concurency: it is no option. Write concurrency'],
    [{ store: 'memory:' }, "store: 'memory:' is not possible. Write memoryStore()"],
  ])('TestApp.create(%j) says what to write', async (options, message) => {
    await expect(TestApp.create(options)).rejects.toBeInstanceOf(ConfigurationError);
    await expect(TestApp.create(options)).rejects.toThrow(message);
  });

  test('of a handle says what to write', async () => {
    const app = await openApp([JobWorker]);
    const handle = (await app.publish(Start, { n: 1 })).of(JobWorker, 'run');
    const refused = [
      handle.result({ timout: '1s' } as never),
      handle.outcome({ timout: '1s' } as never),
      handle.retry({ form: 'double' } as never),
    ];
    const errors = await Promise.all(refused.map((each) => each.catch((error: unknown) => error)));
    expect(errors.map(String)).toEqual([
      expect.stringContaining('result(): timout: it is no option. Write timeout'),
      expect.stringContaining('outcome(): timout: it is no option. Write timeout'),
      expect.stringContaining('retry(): form: it is no option. Write from'),
    ]);
    expect(errors.every((error) => error instanceof ConfigurationError)).toBe(true);
  });

  test('of decorators is told in one DefinitionError', async () => {
    @Event('slipped', { corelate: 'id' } as never)
    class Slipped {}
    @Worker()
    class SlipWorker {
      @OnEvent(Slipped, { wen: () => true } as never) take(): void {}
      @OnEvent(Start, 'text' as never) start(): void {}
      @Step({ atMostonce: true } as never) once(): void {}
      @Step('named' as never) named(): void {}
    }
    const error = await boot({ workers: [SlipWorker] }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DefinitionError);
    const { mistakes } = error as DefinitionError;
    expect(mistakes.map(({ member, found, write }) => `${member}: ${found}. ${write}`)).toEqual([
      'take: @OnEvent has the unknown option wen. Write when',
      "start: @OnEvent has 'text' as its options. Write { when, description, priority, key }, each of which may be left out",
      'once: @Step has the unknown option atMostonce. Write atMostOnce',
      "named: @Step has 'named' as its options. Write { key, atMostOnce, description, after, join, when, each }, each of which may be left out",
      'take: its event Slipped: @Event has the unknown option corelate. Write correlate',
    ]);
  });
});

describe('a decorator without its parentheses is thought of, where its class is not known', () => {
  const bare = (decorator: unknown): never => (decorator as (type: unknown) => unknown)(class {}) as never;

  test('of a worker', async () => {
    await expect(boot({ workers: [bare(Worker)] })).rejects.toThrow('with its parentheses');
  });

  test('of an event that is published', async () => {
    const app = await openApp([JobWorker]);
    await expect(app.publish(bare(Event), {})).rejects.toThrow(
      "is no event that this app knows. Write @Event('some.name') on it, with its parentheses",
    );
  });

  test('of an event that is handled', async () => {
    @Worker('slip')
    class SlipWorker {
      @OnEvent(bare(Event)) take(): void {}
    }
    await expect(boot({ workers: [SlipWorker] })).rejects.toThrow(
      "where it was to be a class, write @Event('some.name') on it, with its parentheses",
    );
  });
});

test.each([
  ['bootstrap()', boot],
  ['TestApp.create()', (options: object) => TestApp.create(options)],
])('what a circular import leaves undefined among the providers is told by %s', async (_, make) => {
  const made = make({ providers: [Map, undefined], workers: [undefined] });
  await expect(made).rejects.toBeInstanceOf(DefinitionError);
  const { mistakes } = (await made.catch((error: unknown) => error)) as DefinitionError;
  expect(mistakes).toEqual([
    expect.objectContaining({ class: '(workers)', found: 'undefined is no class' }),
    expect.objectContaining({ class: 'providers', member: '1', found: 'undefined is no provider' }),
  ]);
  for (const { write } of mistakes)
    expect(write).toContain('look for a circular import where it is undefined');
});

test('a method then is a mistake of a worker, its own or inherited, and a field of another kind is none', async () => {
  @Worker('chained')
  class ChainedWorker {
    @OnEvent(Start) run(): void {}
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
    @Step() async then(): Promise<void> {}
  }
  class Base {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
    then(): void {}
  }
  @Worker('plain')
  class PlainWorker extends Base {
    @OnEvent(Start) run(): void {}
  }
  @Worker('kept')
  class KeptWorker {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
    then = 5;
    @OnEvent(Start) run(): void {}
  }
  const cure = 'await takes whatever has a method of this name for a promise. Write another name';
  await expect(boot({ workers: [ChainedWorker, PlainWorker, KeptWorker] })).rejects.toThrow(
    `2 mistakes in definitions:\n  - ChainedWorker.then: ${cure}\n  - PlainWorker.then: ${cure}`,
  );
  await openApp([KeptWorker]);
});

test('an instance among the workers is one mistake', async () => {
  const booted = boot({ workers: [new JobWorker()] });
  await expect(booted).rejects.toThrow(
    '1 mistake in definitions:\n  - (workers): an instance of JobWorker is no class. Write JobWorker',
  );
});

test.each([
  [{ id: 5 }, 'publish options: id: found the number 5. Write text'],
  [{ sesion: 's' }, 'publish options: sesion: it is no option. Write session'],
  [{ priority: 'high' }, "priority: found 'high'. Write a whole number"],
  [{ delay: {} }, 'delay: found an object. Write'],
  [
    { delay: 'soon', at: 'x' },
    "delay: at is given too. Write one of at and delay\n  - publish options: at: it is no instant. Write a valid Date, or epoch ms\n  - publish options: delay: found 'soon'. Write",
  ],
])('publish options %j are refused with what was found', async (options, message) => {
  const app = await openApp([JobWorker]);
  await expect(app.publish(Start, { n: 1 }, options as never)).rejects.toThrow(message);
});

test('what a publication did not start says what it did', async () => {
  @Worker('others')
  class OtherWorker {
    @OnEvent('other') take(): void {}
  }
  const app = await openApp([JobWorker, OtherWorker]);
  const started = await app.publish(Start, { n: 1 });
  expect(() => started.of(OtherWorker, 'take')).toThrow(
    "event 'start' started no execution of others.take: no such handler takes it. It started jobs.run",
  );
  const empty = await openApp([]);
  const unheard = await empty.publish(Start, { n: 1 });
  expect(() => unheard.of(JobWorker, 'run')).toThrow(
    /when it was published, no handler had been registered for it on this store.* runs on another store: compare prefix/,
  );
});

describe('a lifecycle event that there is not', () => {
  test.each([
    ['execution.complete', 'no lifecycle event has that name. Write execution.completed'],
    ['step.start', 'Write step.started'],
    ['nothing-like-it', 'Write one of execution.accepted, '],
  ])("is refused: '%s'", async (name, message) => {
    const app = await openApp([JobWorker]);
    expect(() => app.on(name as never, () => {})).toThrow(ConfigurationError);
    expect(() => app.on(name as never, () => {})).toThrow(message);
  });

  test('may be a custom one', async () => {
    const app = await openApp([JobWorker]);
    for (const name of ['custom.*', 'custom.paid', '*'] as const)
      expect(app.on(name, () => {})).toBeInstanceOf(Function);
  });
});

test('every HOLDFAST_ variable that is impossible is told at once, unless code wins', async () => {
  const wrong = { CONCURRENCY: 'many', TIMEOUT: 'soon', ROLE: 'boss', STORE_URL: 'oracle://x' };
  for (const [name, value] of Object.entries(wrong)) process.env[`HOLDFAST_${name}`] = value;
  try {
    const error = await bootstrap({ lease: 'never' as never }).catch((reason: unknown) => reason);
    expect((error as ConfigurationError).mistakes.map(({ option }) => option)).toEqual([
      'HOLDFAST_CONCURRENCY',
      'HOLDFAST_TIMEOUT',
      'HOLDFAST_ROLE',
      'HOLDFAST_STORE_URL',
      'lease',
    ]);
    const app = await bootstrap({ ...quiet, concurrency: 1, timeout: '1s', role: 'worker' });
    await app.close();
  } finally {
    for (const name of Object.keys(wrong)) Reflect.deleteProperty(process.env, `HOLDFAST_${name}`);
  }
});

describe('a class that is not among the workers', () => {
  @Worker('absent')
  class AbsentWorker {
    @OnEvent(Start)
    async go(): Promise<number> {
      return this.once();
    }

    @Step()
    async once(): Promise<number> {
      return 1;
    }
  }

  @Worker('caller')
  class CallerWorker {
    @OnEvent(Start)
    async call(): Promise<number> {
      return new AbsentWorker().once();
    }
  }

  test('whose step a handler calls is told as that', async () => {
    const app = await openApp([CallerWorker]);
    await expect(app.execute(Start, {})).rejects.toThrow(
      'AbsentWorker.once was called on an object whose class is no worker of this app: it would not be durable. Write AbsentWorker among workers, and have it injected',
    );
  });

  test('of which a test runs or overrides a method is told as that', async () => {
    await using app = await TestApp.create({ workers: [JobWorker] });
    const write = 'AbsentWorker is no worker of this app. Write it among workers';
    await expect(app.run(AbsentWorker, 'go', {})).rejects.toThrow(`run(): ${write}`);
    expect(() => app.override(AbsentWorker, 'once', () => 2)).toThrow(`override(): ${write}`);
    await expect(app.run(AbsentWorker, 'go', {})).rejects.toThrow(ConfigurationError);
  });

  test('a method of a worker that is no handler is told with those that there are', async () => {
    await using app = await TestApp.create({ workers: [JobWorker] });
    await expect(app.run(JobWorker, 'double', 1)).rejects.toThrow(
      'JobWorker.double is no handler of this app: run() takes a method with @OnEvent or @Every. Write one of run',
    );
    expect(() => app.override(JobWorker, 'dubble' as 'double', () => 2)).toThrow(
      'JobWorker.dubble is neither a step nor a handler of this app. Write double',
    );
  });
});

test.each<[unknown, string]>([
  ['strat', "'strat' is no event that this app knows. Write start"],
  [
    'other',
    "'other' is no event that this app knows. Publish the class with @Event('other'), or what defineEvent('other', schema) gave",
  ],
  [
    class Bare {},
    "class Bare is no event that this app knows. Write @Event('some.name') on it, with its parentheses",
  ],
])('an event that is not known is told with one thing to write: %p', async (event, message) => {
  const app = await openApp([JobWorker]);
  await expect(app.publish(event as never, {} as never)).rejects.toMatchObject({ message });
});

describe('HOLDFAST_STORE_URL that is nearly one', () => {
  const before = process.env['HOLDFAST_STORE_URL'];

  afterEach(() => {
    if (before === undefined) delete process.env['HOLDFAST_STORE_URL'];
    else process.env['HOLDFAST_STORE_URL'] = before;
  });

  test.each([
    ['memory', "'memory' is the scheme of an address without its colon"],
    ['redis', "'redis' is the scheme of an address without its colon"],
    ['sqlite:', "'sqlite:' is followed by no path"],
    ['file://', "'file://' is followed by no path"],
    ['oracle://x', "the scheme of 'oracle:' is not known"],
  ])('%s is no file of that name', async (url, found) => {
    process.env['HOLDFAST_STORE_URL'] = url;
    await expect(bootstrap({ logger: silentLogger })).rejects.toThrow(
      `HOLDFAST_STORE_URL: ${found}. Write 'memory:', 'sqlite:path/to/file.db' or 'redis://host:6379'`,
    );
  });
});
