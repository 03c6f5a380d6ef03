/** What users of Nest have asked of other packages, thread by thread, and what holds here. */
import { forwardRef, Inject, Injectable, Module, type OnApplicationShutdown, Scope } from '@nestjs/common';
import { type ContextId, ContextIdFactory, type HostComponentInfo, ModuleRef, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  defineEvent,
  Every,
  execution,
  type ExecutionContext,
  fixed,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  Step,
  Worker,
  WorkerApp,
} from '../../../lib/entries/index.js';
import { InjectWorkers, WorkerModule } from '../../../nest/index.js';

const withId: StandardSchemaV1<{ id: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { id: string } }) },
};
const Asked = defineEvent('asked', withId);

interface Shape {
  readonly providers?: NonNullable<Parameters<typeof Module>[0]['providers']>;
  readonly imports?: NonNullable<Parameters<typeof Module>[0]['imports']>;
  readonly options?: Parameters<typeof WorkerModule.forRoot>[0];
}

async function begin({ providers = [], imports = [], options = {} }: Shape) {
  const root = WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger, ...options });
  const module = await Test.createTestingModule({ imports: [root, ...imports], providers }).compile();
  await module.init();
  const app = module.get(WorkerApp);
  return { module, app, ask: (id = '1') => app.execute(Asked, { id }) };
}

@Injectable()
class Config {
  readonly url = 'https://profiles';
}

@Injectable()
class Http {
  constructor(private readonly config: Config) {}
  get(path: string): string {
    return `${this.config.url}/${path}`;
  }
}

describe('G3 · dependency injection in durable code', () => {
  test('temporalio/sdk-typescript#483 · a step calls a service that Nest has injected, which has services of its own', async () => {
    @Worker('profiles')
    class Profiles {
      constructor(private readonly http: Http) {}
      @OnEvent(Asked) async run({ id }: { id: string }): Promise<string> {
        return this.load(id);
      }
      @Step() async load(id: string): Promise<string> {
        return this.http.get(id);
      }
    }
    const { module, ask } = await begin({ providers: [Config, Http, Profiles] });
    expect(await ask()).toEqual(['https://profiles/1']);
    await module.close();
  });

  test('temporalio/sdk-typescript#1724 · injected services are there in the handler itself, also when it is resumed', async () => {
    let passes = 0;
    @Worker('resumed')
    class Resumed {
      constructor(private readonly http: Http) {}
      @OnEvent(Asked) @Retry({ maxAttempts: 2, backoff: fixed('1ms') }) async run(): Promise<
        readonly string[]
      > {
        const first = await this.load('a');
        if (++passes === 1) throw new Error('the process has an accident');
        return [first, this.http.get('b')];
      }
      @Step() async load(path: string): Promise<string> {
        return this.http.get(path);
      }
    }
    const { module, ask } = await begin({ providers: [Config, Http, Resumed] });
    expect(await ask()).toEqual([['https://profiles/a', 'https://profiles/b']]);
    await module.close();
  });

  test('KurtzL/nestjs-temporal#29 · a step uses a service that has a repository, of modules that import each other', async () => {
    @Injectable()
    class Repository {
      find(id: string): string {
        return `row ${id}`;
      }
    }
    @Module({ imports: [forwardRef(() => Jobs)], providers: [Repository], exports: [Repository] })
    class Data {}
    @Injectable()
    class Service {
      constructor(private readonly repository: Repository) {}
      find(id: string): string {
        return this.repository.find(id);
      }
    }
    @Worker('reading')
    class Reading {
      constructor(private readonly service: Service) {}
      @OnEvent(Asked) run({ id }: { id: string }): Promise<string> {
        return this.read(id);
      }
      @Step() async read(id: string): Promise<string> {
        return this.service.find(id);
      }
    }
    @Module({ imports: [forwardRef(() => Data)], providers: [Service, Reading] })
    class Jobs {}
    const { module, ask } = await begin({ imports: [Data, Jobs] });
    expect(await ask()).toEqual(['row 1']);
    await module.close();
  });

  test('KurtzL/nestjs-temporal#52, harsh-simform/nestjs-temporal-core#12 · configuration comes from a provider, and workers of any module run', async () => {
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}
    @Worker('anywhere')
    class Anywhere {
      constructor(@InjectWorkers() private readonly workers: WorkerApp) {}
      @OnEvent(Asked) run(): number | undefined {
        return this.workers.options.concurrency;
      }
    }
    @Module({ providers: [Anywhere] })
    class Feature {}
    const module = await Test.createTestingModule({
      imports: [
        WorkerModule.forRootAsync({
          imports: [ConfigModule],
          inject: [Config],
          useFactory: (config: Config) => ({ store: memoryStore(), concurrency: config.url.length }),
        }),
        Feature,
      ],
    }).compile();
    await module.init();
    expect(await module.get(WorkerApp).execute(Asked, { id: '1' })).toEqual([16]);
    await module.close();
  });

  test('vercel/workflow#1865 · tools of an agent are providers: their steps are looked up by ModuleRef where they run, without a bridge', async () => {
    @Injectable()
    class SearchTool {
      call(query: string): string {
        return `found ${query}`;
      }
    }
    @Worker('agent')
    class Agent {
      constructor(private readonly modules: ModuleRef) {}
      @OnEvent(Asked) run({ id }: { id: string }): Promise<string> {
        return this.use(id);
      }
      @Step() async use(query: string): Promise<string> {
        return this.modules.get(SearchTool, { strict: false }).call(query);
      }
    }
    const { module, ask } = await begin({ providers: [SearchTool, Agent] });
    expect(await ask()).toEqual(['found 1']);
    await module.close();
  });

  test('dbos-inc/dbos-transact-ts#757 · methods are of the instance, with no base class and no name to give it, schedules too', async () => {
    const ticks: string[] = [];
    @Worker()
    class HelloWorker {
      constructor(private readonly http: Http) {}
      @OnEvent(Asked) async hello({ id }: { id: string }): Promise<string> {
        return this.one(id);
      }
      @Step() async one(id: string): Promise<string> {
        return this.http.get(id);
      }
      @Every('1 hour', { startImmediately: true }) tick(): void {
        ticks.push(this.http.get('tick'));
      }
    }
    const { module, app, ask } = await begin({ providers: [Config, Http, HelloWorker] });
    const ticked = new Promise<void>((resolve) => {
      app.on('execution.completed', ({ handler }) => {
        if (handler === 'tick') resolve();
      });
    });
    expect(await ask()).toEqual(['https://profiles/1']);
    await ticked;
    expect(ticks).toEqual(['https://profiles/tick']);
    expect(Object.getPrototypeOf(HelloWorker.prototype)).toBe(Object.prototype);
    await module.close();
  });

  test('inngest/inngest-js#380 · what a function needs is named in its constructor, and a test overrides it', async () => {
    @Worker('greeting')
    class Greeting {
      constructor(private readonly http: Http) {}
      @OnEvent(Asked) run({ id }: { id: string }): string {
        return this.http.get(id);
      }
    }
    const module = await Test.createTestingModule({
      imports: [WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger })],
      providers: [Config, Http, Greeting],
    })
      .overrideProvider(Http)
      .useValue({ get: () => 'mocked' })
      .compile();
    await module.init();
    expect(await module.get(WorkerApp).execute(Asked, { id: '1' })).toEqual(['mocked']);
    await module.close();
  });
});

describe('G4 · scope of a job', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Current {
    static made = 0;
    readonly number = ++Current.made;
    constructor(@Inject(REQUEST) readonly execution: ExecutionContext) {}
  }

  @Injectable()
  class Helper {
    constructor(readonly current: Current) {}
  }

  beforeEach(() => {
    Current.made = 0;
  });

  test('nestjs/bull#320 · a request-scoped service works in a worker, directly and below another service', async () => {
    @Worker('scoped')
    class Scoped {
      constructor(
        private readonly helper: Helper,
        private readonly current: Current,
        private readonly http: Http,
      ) {}
      @OnEvent(Asked) run({ id }: { id: string }): readonly unknown[] {
        return [this.helper.current === this.current, this.current.number, this.http.get(id)];
      }
    }
    const { module, ask } = await begin({ providers: [Config, Http, Current, Helper, Scoped] });
    expect(await ask('1')).toEqual([[true, 1, 'https://profiles/1']]);
    expect(await ask('2')).toEqual([[true, 2, 'https://profiles/2']]);
    await module.close();
  });

  test('nestjs/bull#770 · a request-scoped worker gets request-scoped services, injected and by ModuleRef for its own context', async () => {
    @Injectable({ scope: Scope.REQUEST })
    @Worker('looking')
    class Looking {
      constructor(private readonly current: Current) {}
      @OnEvent(Asked) run(): boolean {
        return this.current.execution.id === execution().id;
      }
    }
    const { module, ask } = await begin({ providers: [Current, Looking] });
    expect(await ask()).toEqual([true]);
    await module.close();
  });

  test('nestjs/bull#415 · a provider knows which execution it is made for: id, event, session, attempt, signal and log', async () => {
    @Worker('known')
    class Known {
      constructor(private readonly current: Current) {}
      @OnEvent(Asked) run(): readonly unknown[] {
        const { worker, handler, event, session, attempt, signal } = this.current.execution;
        return [worker, handler, event, session, attempt, signal.aborted];
      }
    }
    const { module, app } = await begin({ providers: [Current, Known] });
    expect(await app.session('tenant-1').execute(Asked, { id: '1' })).toEqual([
      ['known', 'run', 'asked', 'tenant-1', 1, false],
    ]);
    await module.close();
  });

  test('nestjs/bull#1942 · hooks of a worker, called on events of its work, have the scope of the pass that they belong to', async () => {
    const noted: unknown[] = [];
    @Worker('hooked')
    class Hooked {
      constructor(private readonly current: Current) {}
      @OnEvent(Asked)
      @Retry({ maxAttempts: 2, backoff: fixed('1ms'), onExhausted: 'failed' })
      run(): void {
        throw new Error(`no ${this.current.number}`);
      }
      failed(error: Error): void {
        noted.push([error.message, this.current.number]);
      }
    }
    const { module, ask } = await begin({ providers: [Current, Hooked] });
    await expect(ask()).rejects.toThrow('no 2');
    expect(noted).toEqual([['no 2', 2]]);
    await module.close();
  });

  test('nestjs/bull#2011 · durable providers are shared by the executions of a tenant, whatever the worker’s scope', async () => {
    const tenants = new Map<string, ContextId>();
    ContextIdFactory.apply({
      attach: (context: ContextId, request: Partial<ExecutionContext>) => {
        const shared = tenants.get(request.session ?? '') ?? ContextIdFactory.create();
        tenants.set(request.session ?? '', shared);
        return (info: HostComponentInfo) => (info.isTreeDurable ? shared : context);
      },
    });
    let pools = 0;
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Pool {
      readonly number = ++pools;
    }
    @Worker('pooled')
    class Pooled {
      constructor(
        private readonly pool: Pool,
        private readonly current: Current,
      ) {}
      @OnEvent(Asked) run(): readonly number[] {
        return [this.pool.number, this.current.number];
      }
    }
    const { module, app } = await begin({ providers: [Current, Pool, Pooled] });
    const [a, b] = [app.session('a'), app.session('b')];
    expect(await a.execute(Asked, { id: '1' })).toEqual([[1, 1]]);
    expect(await a.execute(Asked, { id: '2' })).toEqual([[1, 2]]);
    expect(await b.execute(Asked, { id: '3' })).toEqual([[2, 3]]);
    await module.close();
    ContextIdFactory.apply(undefined as never);
  });

  test('nestjs/schedule#984 · a schedule of a worker that needs the request runs, with the tick as its request', async () => {
    const ticks: unknown[] = [];
    @Worker('ticking')
    class Ticking {
      constructor(private readonly current: Current) {}
      @Every('1 hour', { startImmediately: true }) tick(): void {
        ticks.push([this.current.execution.id === execution().id, this.current.execution.handler]);
      }
    }
    const store = memoryStore();
    const root = WorkerModule.forRoot({ store, logger: silentLogger, autoStart: false });
    const module = await Test.createTestingModule({
      imports: [root],
      providers: [Current, Ticking],
    }).compile();
    await module.init();
    const app = module.get(WorkerApp);
    const ticked = new Promise<void>((resolve) => {
      app.on('execution.completed', () => resolve());
    });
    await app.start();
    await ticked;
    expect(ticks).toEqual([[true, 'tick']]);
    await module.close();
  });

  test('mikro-orm/nestjs#142 · each pass has an entity manager of its own: nothing that one execution read is another’s', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class EntityManager {
      readonly identityMap = new Map<string, object>();
    }
    @Injectable()
    class Users {
      constructor(private readonly em: EntityManager) {}
      find(id: string): number {
        this.em.identityMap.set(id, {});
        return this.em.identityMap.size;
      }
    }
    @Worker('users')
    class UserWorker {
      constructor(private readonly users: Users) {}
      @OnEvent(Asked) run({ id }: { id: string }): number {
        return this.users.find(id);
      }
    }
    const { module, app } = await begin({ providers: [EntityManager, Users, UserWorker] });
    const outcomes = await Promise.all(['a', 'b', 'c'].map((id) => app.execute(Asked, { id })));
    expect(outcomes).toEqual([[1], [1], [1]]);
    await module.close();
  });
});

describe('G10 · shutdown', () => {
  /** A promise and its end. */
  function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { opened, open: () => open() };
  }

  test('nestjs/bull#2069 · a step that runs while the application ends still publishes; connections close after it', async () => {
    const Row = defineEvent('row', withId);
    const [begun, closing] = [gate(), gate()];
    const store = memoryStore();
    let published = 0;
    @Injectable()
    class Database implements OnApplicationShutdown {
      static isOpen = true;
      onApplicationShutdown(): void {
        Database.isOpen = false;
      }
    }
    @Worker('importing')
    class Importing {
      constructor(@InjectWorkers() private readonly app: WorkerApp) {}
      @OnEvent(Asked) run(): Promise<void> {
        return this.rows();
      }
      @Step() async rows(): Promise<void> {
        begun.open();
        await closing.opened;
        for (const id of ['1', '2', '3']) {
          await this.app.publish(Row, { id });
          published += Database.isOpen ? 1 : 0;
        }
      }
      @OnEvent(Row) take(): void {}
    }
    const { module, app } = await begin({ providers: [Database, Importing], options: { store } });
    app.on('app.draining', () => closing.open());
    const { executions } = await app.publish(Asked, { id: '1' });
    await begun.opened;
    await module.close();
    expect(published).toBe(3);
    expect(executions).toHaveLength(1);
  });

  test('activepieces/activepieces#13847, taskforcesh/bullmq#3017 · what the next process goes on with has lost no attempt and repeats no finished step', async () => {
    const begun = gate();
    const ran: string[] = [];
    @Worker('deploying')
    class Deploying {
      @OnEvent(Asked) @Retry({ maxAttempts: 1 }) async run(): Promise<string> {
        await this.first();
        return this.second();
      }
      @Step() async first(): Promise<void> {
        ran.push('first');
      }
      @Step() @Retry({ maxAttempts: 1 }) async second(): Promise<string> {
        ran.push('second');
        if (ran.length > 2) return 'done';
        const { signal } = execution();
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          begun.open();
        });
      }
    }
    const { module, app } = await begin({ providers: [Deploying], options: { drainTimeout: 1 } });
    const [handle] = (await app.publish(Asked, { id: '1' })).executions;
    await begun.opened;
    await app.stop();
    expect(await handle?.status()).toBe('pending');
    await app.start();
    expect(await handle?.result()).toBe('done');
    expect(ran).toEqual(['first', 'second', 'second']);
    expect((await handle?.steps())?.map(({ attempt }) => attempt)).toEqual([1, 1]);
    await module.close();
  });

  test('taskforcesh/bullmq#3768 · cancel() in one application aborts the step that runs in another', async () => {
    const begun = gate();
    const store = memoryStore();
    @Worker('long')
    class Long {
      @OnEvent(Asked) run(): Promise<void> {
        return this.work();
      }
      @Step() async work(): Promise<void> {
        const { signal } = execution();
        begun.open();
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      }
    }
    const runner = await begin({ providers: [Long], options: { store } });
    const other = await begin({ options: { store, role: 'publisher' } });
    const [handle] = (await other.app.publish(Asked, { id: '1' })).executions;
    await begun.opened;
    await handle?.cancel();
    await expect(handle?.result()).rejects.toMatchObject({ code: 'CANCELLED' });
    await other.module.close();
    await runner.module.close();
  });
});
