import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ContextId, ContextIdFactory, type HostComponentInfo, REQUEST } from '@nestjs/core';
import { Inject, Injectable, Scope } from '@nestjs/common';
import {
  Compensate,
  type ExecutionContext,
  execution,
  fixed,
  OnEvent,
  Retry,
  sleep,
  Step,
  Worker,
  WorkerApp,
} from '../../../lib/entries/index.js';
import { begin, Ping, ping, Pong } from './pings.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let made = 0;
const afterEachPass: unknown[] = [];

beforeEach(() => {
  made = 0;
  afterEachPass.length = 0;
});

@Injectable({ scope: Scope.REQUEST })
class Current {
  readonly number = ++made;
  constructor(@Inject(REQUEST) readonly execution: ExecutionContext) {}
}

@Worker('request-scoped')
class RequestWorker {
  constructor(private readonly current: Current) {}

  @OnEvent(Ping)
  @Retry({ maxAttempts: 3, backoff: fixed('1ms'), onRetry: 'noted' })
  async run(_: { id: string }, given: ExecutionContext): Promise<unknown> {
    const { current } = this;
    if (given.attempt < 2) throw new Error('again');
    return [
      current.number,
      current.execution === given,
      current.execution.id === execution().id,
      await this.read(),
    ];
  }

  noted(): void {
    afterEachPass.push(this.current.number);
  }

  @Step() async read(): Promise<number> {
    return this.current.number;
  }
}

test('a worker that needs the request gets a fresh one per pass, whose REQUEST is the execution', async () => {
  const module = await begin({ providers: [Current, RequestWorker] });
  const app = module.get(WorkerApp);
  expect(await ping(app)).toEqual([[2, true, true, 2]]);
  expect(afterEachPass).toEqual([1]);
  expect(await ping(app, '2')).toEqual([[4, true, true, 4]]);
  expect(() => app.get(RequestWorker)).toThrow(/RequestWorker is marked as a scoped provider/);
  await module.close();
});

test.each([
  ['request', Scope.REQUEST],
  ['transient', Scope.TRANSIENT],
])('a %s-scoped worker keeps nothing of one execution for another', async (_, scope) => {
  @Worker('keeping')
  @Injectable({ scope })
  class Keeping {
    private seen: string[] = [];
    @OnEvent(Ping) run({ id }: { id: string }): readonly string[] {
      this.seen.push(id);
      return this.seen;
    }
  }
  const module = await begin({ providers: [Keeping] });
  const app = module.get(WorkerApp);
  expect(await ping(app, 'a')).toEqual([['a']]);
  expect(await ping(app, 'b')).toEqual([['b']]);
  await module.close();
});

test('hooks of a transient worker are called on the instance of their pass', async () => {
  const seen: (readonly [string, object])[] = [];
  @Worker('transient')
  @Injectable({ scope: Scope.TRANSIENT })
  class Transient {
    @OnEvent(Ping) @Retry({ maxAttempts: 2, backoff: fixed('1ms'), onRetry: 'noted' }) run(): void {
      seen.push(['run', this]);
      if (seen.length === 1) throw new Error('again');
    }
    noted(): void {
      seen.push(['noted', this]);
    }
  }
  const module = await begin({ providers: [Transient] });
  await ping(module.get(WorkerApp));
  expect(seen.map(([what]) => what)).toEqual(['run', 'noted', 'run']);
  expect(seen[1]?.[1]).toBe(seen[0]?.[1]);
  expect(seen[2]?.[1]).not.toBe(seen[0]?.[1]);
  await module.close();
});

test('a pass that a timer wakes has an instance of its own, and memoised steps do not run again', async () => {
  let charged = 0;
  @Worker('sleeping')
  class Sleeping {
    constructor(private readonly current: Current) {}
    @OnEvent(Ping) async run(): Promise<readonly number[]> {
      const before = await this.charge();
      await sleep(1_100);
      return [before, this.current.number];
    }
    @Step() async charge(): Promise<number> {
      charged++;
      return this.current.number;
    }
  }
  const module = await begin({ providers: [Current, Sleeping], options: { executionMode: 'ISOLATED' } });
  expect(await ping(module.get(WorkerApp))).toEqual([[1, made]]);
  expect(made).toBeGreaterThan(1);
  expect(charged).toBe(1);
  await module.close();
});

test('compensations of a pass run on its instance', async () => {
  const undone: unknown[] = [];
  @Worker('undoing')
  class Undoing {
    constructor(private readonly current: Current) {}
    @OnEvent(Ping) @Retry({ maxAttempts: 1 }) async run(): Promise<void> {
      await this.charge();
      throw new Error('no');
    }
    @Step() async charge(): Promise<string> {
      return 'receipt';
    }
    @Compensate('charge') refund(receipt: string): void {
      undone.push([receipt, this.current.execution.id === execution().id]);
    }
  }
  const module = await begin({ providers: [Current, Undoing] });
  await expect(ping(module.get(WorkerApp))).rejects.toThrow('no');
  expect(undone).toEqual([['receipt', true]]);
  await module.close();
});

test('a provider that cannot be made fails the attempt, which is retried', async () => {
  let attempts = 0;
  @Injectable({ scope: Scope.REQUEST })
  class Connection {
    constructor() {
      if (++attempts < 3) throw new Error('no connection');
    }
  }
  @Worker('connected')
  class Connected {
    constructor(readonly connection: Connection) {}
    @OnEvent(Ping) @Retry({ maxAttempts: 3, backoff: fixed('1ms') }) run(): number {
      return attempts;
    }
  }
  const module = await begin({ providers: [Connection, Connected] });
  expect(await ping(module.get(WorkerApp))).toEqual([3]);
  await module.close();
});

test('a hook does not make again what its attempt could not be made of', async () => {
  let constructed = 0;
  @Injectable({ scope: Scope.REQUEST })
  class Connection {
    constructor() {
      constructed++;
      throw new Error('no connection');
    }
  }
  @Worker('connected')
  class Connected {
    constructor(readonly connection: Connection) {}
    @OnEvent(Ping)
    @Retry({ maxAttempts: 2, backoff: fixed('1ms'), onRetry: 'noted', onExhausted: 'noted' })
    run(): void {}
    noted(): void {}
  }
  const module = await begin({ providers: [Connection, Connected] });
  await expect(ping(module.get(WorkerApp))).rejects.toThrow('no connection');
  await module.close();
  expect(constructed).toBe(2);
});

test('a step called outside an execution on an instance of a pass is refused where strict', async () => {
  const kept: RequestWorker[] = [];
  @Worker('leaking')
  class Leaking extends RequestWorker {
    @OnEvent(Pong) leak(): void {
      kept.push(this);
    }
  }
  const module = await begin({ providers: [Current, Leaking], options: { strict: true } });
  await module.get(WorkerApp).execute(Pong, { id: '1' });
  expect(() => kept[0]?.read()).toThrow(expect.objectContaining({ code: 'STEP_DETACHED' }));
  await module.close();
});

test('a worker with a static tree stays one, beside scoped ones', async () => {
  @Worker('static')
  class Static {
    @OnEvent(Pong) run(): object {
      afterEachPass.push(this);
      return {};
    }
  }
  const module = await begin({ providers: [Current, RequestWorker, Static] });
  const app = module.get(WorkerApp);
  await app.execute(Pong, { id: '1' });
  await app.execute(Pong, { id: '2' });
  expect(afterEachPass).toEqual([module.get(Static), module.get(Static)]);
  await module.close();
});

describe('durable providers', () => {
  const tenants = new Map<string, ContextId>();

  beforeAll(() => {
    ContextIdFactory.apply({
      attach: (context: ContextId, request: Partial<ExecutionContext>) => {
        const tenant = request.session ?? 'none';
        const shared = tenants.get(tenant) ?? ContextIdFactory.create();
        tenants.set(tenant, shared);
        return {
          resolve: (info: HostComponentInfo) => (info.isTreeDurable ? shared : context),
          payload: { tenant },
        };
      },
    });
  });

  afterAll(() => {
    ContextIdFactory.apply(undefined as never);
    tenants.clear();
  });

  test('one per tenant, shared by its executions; what belongs to one execution is not', async () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class TenantPool {
      readonly number = ++made;
      constructor(@Inject(REQUEST) readonly payload: { readonly tenant: string }) {}
    }
    @Worker('tenants')
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class TenantWorker {
      constructor(private readonly pool: TenantPool) {}
      @OnEvent(Ping) run(): readonly unknown[] {
        return [this.pool.number, this.pool.payload.tenant, 'signal' in this.pool.payload];
      }
    }
    @Worker('callers')
    class CallerWorker {
      constructor(
        @Inject(REQUEST) private readonly request: ExecutionContext & { readonly tenant: string },
      ) {}
      @OnEvent(Pong) run(): readonly unknown[] {
        return [this.request.id === execution().id, this.request.tenant, this.request.session];
      }
    }
    const module = await begin({ providers: [TenantPool, TenantWorker, CallerWorker] });
    const app = module.get(WorkerApp);
    const [a, b] = [app.session('a'), app.session('b')];
    expect(await a.execute(Ping, { id: '1' })).toEqual([[1, 'a', false]]);
    expect(await a.execute(Ping, { id: '2' })).toEqual([[1, 'a', false]]);
    expect(await b.execute(Ping, { id: '3' })).toEqual([[2, 'b', false]]);
    expect(await a.execute(Pong, { id: '4' })).toEqual([[true, 'a', 'a']]);
    await module.close();
  });
});

test('a durable tree that its strategy shares with nobody has its payload as REQUEST, never the execution', async () => {
  ContextIdFactory.apply({
    attach: (context: ContextId) => ({ resolve: () => context, payload: { tenant: 'alone' } }),
  });
  @Worker('alone')
  @Injectable({ scope: Scope.REQUEST, durable: true })
  class Alone {
    constructor(@Inject(REQUEST) private readonly request: object) {}
    @OnEvent(Ping) run(): readonly unknown[] {
      return ['signal' in this.request, { ...this.request }];
    }
  }
  try {
    const module = await begin({ providers: [Alone] });
    expect(await ping(module.get(WorkerApp))).toEqual([[false, { tenant: 'alone' }]]);
    await module.close();
  } finally {
    ContextIdFactory.apply(undefined as never);
  }
});

test.each([
  ['request', Scope.REQUEST],
  ['transient', Scope.TRANSIENT],
])('passes that run at once share no %s-scoped instance and no REQUEST', async (_, scope) => {
  let inside = 0;
  let open = (): void => {};
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  const instances = new Set<object>();
  @Worker('crowded')
  @Injectable({ scope })
  class Crowded {
    constructor(private readonly current: Current) {}
    @OnEvent(Ping) async run({ id }: { id: string }): Promise<boolean> {
      instances.add(this);
      const before = this.current.execution.id;
      if (++inside === 20) open();
      await all;
      const step = await this.read();
      return this.current.execution.id === execution().id && before === step && id !== '';
    }
    @Step() async read(): Promise<string> {
      return this.current.execution.id;
    }
  }
  const module = await begin({ options: { concurrency: 20 }, providers: [Current, Crowded] });
  const app = module.get(WorkerApp);
  const answers = await Promise.all(Array.from({ length: 20 }, (__, n) => ping(app, String(n))));
  expect(answers.flat()).toEqual(Array.from({ length: 20 }, () => true));
  expect([instances.size, made]).toEqual([20, 20]);
  await module.close();
});

test('workers of one pass share what belongs to it', async () => {
  const seen: number[] = [];
  @Worker('reserving')
  class Reserving {
    constructor(private readonly current: Current) {}
    @Step() async reserve(): Promise<void> {}
    @Compensate('reserve') free(): void {
      seen.push(this.current.number);
    }
    @OnEvent(Pong) idle(): void {}
  }
  @Worker('ordering')
  class Ordering {
    constructor(
      private readonly current: Current,
      private readonly other: Reserving,
    ) {}
    @OnEvent(Ping) @Retry({ maxAttempts: 1 }) async run(): Promise<void> {
      await this.charge();
      await this.other.reserve();
      throw new Error('no');
    }
    @Step() async charge(): Promise<void> {}
    @Compensate('charge') refund(): void {
      seen.push(this.current.number);
    }
  }
  const module = await begin({ providers: [Current, Reserving, Ordering] });
  await expect(ping(module.get(WorkerApp))).rejects.toThrow('no');
  expect(seen).toHaveLength(2);
  expect(seen[0]).toBe(seen[1]);
  await module.close();
});

test('compensations of two workers in one pass: the durable one has its payload, the other its execution', async () => {
  ContextIdFactory.apply({
    attach: (context: ContextId) => ({ resolve: () => context, payload: { tenant: 'both' } }),
  });
  const seen: unknown[] = [];
  const request = (value: object): string => ('signal' in value ? 'execution' : 'payload');
  @Worker('durable')
  @Injectable({ scope: Scope.REQUEST, durable: true })
  class Durable {
    constructor(@Inject(REQUEST) private readonly request: object) {}
    @Step() async reserve(): Promise<void> {}
    @Compensate('reserve') free(): void {
      seen.push(['durable', request(this.request)]);
    }
    @OnEvent(Pong) idle(): void {}
  }
  @Worker('ordering')
  class Ordering {
    constructor(
      private readonly current: Current,
      private readonly other: Durable,
    ) {}
    @OnEvent(Ping) @Retry({ maxAttempts: 1 }) async run(): Promise<void> {
      await this.charge();
      await this.other.reserve();
      throw new Error('no');
    }
    @Step() async charge(): Promise<void> {}
    @Compensate('charge') refund(): void {
      seen.push(['own', request(this.current.execution)]);
    }
  }
  try {
    const module = await begin({ providers: [Current, Durable, Ordering] });
    await expect(ping(module.get(WorkerApp))).rejects.toThrow('no');
    expect(seen).toEqual([
      ['durable', 'payload'],
      ['own', 'execution'],
    ]);
    await module.close();
  } finally {
    ContextIdFactory.apply(undefined as never);
  }
});

test('what a request-scoped worker was made of is garbage when its pass has ended', async () => {
  const refs: WeakRef<object>[] = [];
  @Injectable({ scope: Scope.REQUEST })
  class Big {
    readonly bytes = new Uint8Array(100_000);
    constructor() {
      refs.push(new WeakRef(this));
    }
  }
  @Worker('big')
  class BigWorker {
    constructor(readonly big: Big) {}
    @OnEvent(Ping) run(): number {
      return this.big.bytes.length;
    }
  }
  const module = await begin({ providers: [Big, BigWorker] });
  const app = module.get(WorkerApp);
  for (let n = 0; n < 200; n++) await ping(app, String(n));
  expect(refs).toHaveLength(200);
  collectGarbage();
  await new Promise(setImmediate);
  collectGarbage();
  expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(20);
  await module.close();
});
