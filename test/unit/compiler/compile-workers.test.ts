import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { exponential, fixed, linear } from '../../../lib/decorators/backoff.js';
import { Event } from '../../../lib/decorators/event.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { Retry } from '../../../lib/decorators/retry.js';
import { Step } from '../../../lib/decorators/step.js';
import { Timeout } from '../../../lib/decorators/timeout.js';
import { Worker } from '../../../lib/decorators/worker.js';
import type { WorkerClass, WorkerDefinition } from '../../../lib/model/definition.js';
import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';

@Event('order.placed')
class OrderPlaced {
  total!: number;
}

@Event('order.changed')
class OrderChanged {
  total!: number;
  reason!: string;
}

function compile(type: WorkerClass): WorkerDefinition {
  const [definition] = compileWorkers([type]);
  if (definition === undefined) throw new Error('no definition');
  return definition;
}

describe('a decorated class', () => {
  @Worker({ description: 'orders', logLevel: 'warn' })
  @Retry({ maxAttempts: 7 })
  @Timeout('3s')
  class OrderWorker {
    @OnEvent(OrderPlaced, { description: 'sends the goods' })
    @Retry({ maxAttempts: 2, backoff: fixed('1s'), jitter: false, maxDuration: '1h', onExhausted: 'park' })
    @Timeout('2 days')
    async fulfil(_order: OrderPlaced): Promise<void> {}

    @OnEvent([OrderPlaced, OrderChanged], (event): event is OrderChanged => 'reason' in event, {
      when: (event) => event.total > 100,
    })
    async review(_order: OrderChanged): Promise<void> {}

    @OnEvent('legacy.event')
    async import(_event: unknown): Promise<void> {}

    @Step({ key: (id: string) => id, atMostOnce: true, description: 'takes the money' })
    @Retry({ backoff: exponential('1s', { max: '30s' }), jitter: 0.5, retryIf: () => true, onRetry: 'note' })
    charge(id: string): string {
      return id;
    }

    @Step()
    ship(): void {}

    note(): void {}
  }

  const definition = compile(OrderWorker);

  it('has a kebab-case id from its name, and its options', () => {
    expect(definition).toMatchObject({
      id: 'order-worker',
      description: 'orders',
      logLevel: 'warn',
      type: OrderWorker,
    });
  });

  it('has one handler per @OnEvent method', () => {
    expect(
      definition.handlers.map(({ id, description, timeoutMs }) => ({ id, description, timeoutMs })),
    ).toEqual([
      { id: 'order-worker.fulfil', description: 'sends the goods', timeoutMs: 172_800_000 },
      { id: 'order-worker.review', description: null, timeoutMs: null },
      { id: 'order-worker.import', description: null, timeoutMs: null },
    ]);
  });

  it('takes a handler policy from the method alone, never from the class', () => {
    expect(definition.handlers.map(({ retry }) => retry)).toEqual([
      {
        ...defaultRetryPolicy,
        maxAttempts: 2,
        backoff: { kind: 'fixed', delayMs: 1_000 },
        jitter: 0,
        maxDurationMs: 3_600_000,
        whenExhausted: 'park',
        explicit: true,
      },
      defaultRetryPolicy,
      defaultRetryPolicy,
    ]);
  });

  it('gives a step the policy of its method, else that of the class', () => {
    expect(definition.steps.get('charge')).toMatchObject({
      atMostOnce: true,
      description: 'takes the money',
      timeoutMs: 3_000,
      retry: {
        maxAttempts: 3,
        backoff: { kind: 'exponential', initialMs: 1_000, factor: 2, maxMs: 30_000 },
        jitter: 0.5,
        onRetry: 'note',
        explicit: true,
      },
    });
    expect(definition.steps.get('ship')).toMatchObject({
      atMostOnce: false,
      key: null,
      timeoutMs: 3_000,
      retry: { maxAttempts: 7 },
    });
  });

  it('routes each named event, with guard and `when` together', async () => {
    const review = definition.handlers[1];
    expect(review?.routes.map(({ event }) => event)).toEqual(['order.placed', 'order.changed']);
    const answers = [{ total: 500 }, { total: 500, reason: 'r' }, { total: 5, reason: 'r' }].map((event) =>
      review?.routes[0]?.accepts?.(event),
    );
    expect(answers).toEqual([false, true, false]);
    expect(definition.handlers[0]?.routes).toEqual([{ event: 'order.placed', accepts: null }]);
    expect(definition.handlers[2]?.routes).toEqual([{ event: 'legacy.event', accepts: null }]);
  });

  it('has a graph of handlers and steps without edges', () => {
    expect(
      definition.graph.nodes.map(({ name, kind, description }) => ({ name, kind, description })),
    ).toEqual([
      { name: 'fulfil', kind: 'handler', description: 'sends the goods' },
      { name: 'import', kind: 'handler', description: null },
      { name: 'review', kind: 'handler', description: null },
      { name: 'charge', kind: 'step', description: 'takes the money' },
      { name: 'ship', kind: 'step', description: null },
    ]);
    expect(definition.graph).toMatchObject({
      worker: 'order-worker',
      edges: [],
      fingerprint: expect.stringMatching(/^[\w-]{22}$/),
    });
  });

  it('is frozen to the ground, maps included', () => {
    const parts: object[] = [
      definition,
      definition.handlers,
      ...definition.handlers,
      ...definition.handlers.flatMap(({ retry, routes }) => [retry, retry.backoff, routes, ...routes]),
      definition.steps,
      ...definition.steps.values(),
      definition.graph,
      definition.graph.nodes,
      ...definition.graph.nodes,
      definition.graph.edges,
    ];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
    expect(() => (definition.steps as Map<string, unknown>).set('x', 1)).toThrow('cannot be changed');
    expect(() => (definition.steps as Map<string, unknown>).clear()).toThrow('cannot be changed');
  });

  it('is compiled once when listed twice', () => {
    expect(compileWorkers([OrderWorker, OrderWorker])).toHaveLength(1);
  });
});

describe('a class that extends another', () => {
  class BaseWorker {
    @OnEvent(OrderPlaced)
    @Retry({ maxAttempts: 9 })
    async fulfil(_order: OrderPlaced): Promise<void> {}

    @Step()
    @Retry({ maxAttempts: 4 })
    charge(): number {
      return 1;
    }

    @Step()
    ship(): void {}
  }
  Retry({ maxAttempts: 6 })(BaseWorker);

  @Worker('child')
  @Timeout('1s')
  class ChildWorker extends BaseWorker {
    @Step()
    override charge(): number {
      return 2;
    }

    @OnEvent(OrderChanged)
    override async fulfil(_order: OrderPlaced): Promise<void> {}
  }

  @Worker('sibling')
  class SiblingWorker extends BaseWorker {}

  it('inherits handlers, steps and policies, each part replaced where it is decorated anew', () => {
    const child = compile(ChildWorker);
    expect(child.handlers.map(({ routes, retry }) => [routes[0]?.event, retry.maxAttempts])).toEqual([
      ['order.changed', 9],
    ]);
    expect(child.steps.get('charge')).toMatchObject({ retry: { maxAttempts: 4 }, timeoutMs: 1_000 });
    expect(child.steps.get('ship')).toMatchObject({ retry: { maxAttempts: 6 }, timeoutMs: 1_000 });
  });

  it('leaves its base and its siblings as they were', () => {
    const sibling = compile(SiblingWorker);
    expect(sibling.handlers[0]?.routes[0]?.event).toBe('order.placed');
    expect(sibling.steps.get('ship')?.timeoutMs).toBeNull();
  });

  it('needs a @Worker of its own', () => {
    class GrandChild extends ChildWorker {}
    expect(() => compileWorkers([GrandChild])).toThrow(
      'GrandChild: it extends ChildWorker but has no @Worker of its own',
    );
  });

  it('cannot take a step over without @Step: the body would run again on resume', () => {
    @Worker('silent-override')
    class SilentOverride extends BaseWorker {
      override charge(): number {
        return 3;
      }
    }
    expect(() => compileWorkers([SilentOverride])).toThrow(
      'SilentOverride.charge: it overrides a step of the class it extends, without @Step',
    );
  });
});

describe('backoff', () => {
  it.each([
    [exponential('1s'), { kind: 'exponential', initialMs: 1_000, factor: 2, maxMs: 60_000 }],
    [
      exponential(500, { factor: 3, max: '5 minutes' }),
      { kind: 'exponential', initialMs: 500, factor: 3, maxMs: 300_000 },
    ],
    [linear('2s'), { kind: 'linear', initialMs: 2_000, incrementMs: 2_000, maxMs: 60_000 }],
    [
      linear('2s', { increment: '1s', max: '4s' }),
      { kind: 'linear', initialMs: 2_000, incrementMs: 1_000, maxMs: 4_000 },
    ],
    [fixed(0), { kind: 'fixed', delayMs: 0 }],
  ] as const)('%j is %j', (backoff, expected) => {
    @Worker('backoff')
    class BackoffWorker {
      @Step()
      @Retry({ backoff })
      run(): void {}
    }
    expect(compile(BackoffWorker).steps.get('run')?.retry.backoff).toEqual(expected);
  });

  it('of a function is asked for a duration, and ends the retries by throwing', () => {
    @Worker('backoff')
    class BackoffWorker {
      @Step()
      @Retry({ backoff: (attempt) => (attempt === 1 ? '2s' : (Number.NaN as number)) })
      run(): void {}
    }
    const backoff = compile(BackoffWorker).steps.get('run')?.retry.backoff;
    if (backoff?.kind !== 'custom') throw new Error('not custom');
    expect(backoff.delayMs(1, new Error('x'))).toBe(2_000);
    expect(() => backoff.delayMs(2, new Error('x'))).toThrow('backoff returned NaN');
  });
});

describe('hostile method names', () => {
  it('are steps like any other', () => {
    @Worker('hostile')
    class Hostile {
      @Step()
      override_(): void {}
      @Step()
      hasOwnProperty(): boolean {
        return true;
      }
      @Step()
      toString(): string {
        return 'x';
      }
      @Step()
      ['__proto__'](): number {
        return 1;
      }
    }
    const { steps } = compile(Hostile);
    expect([...steps.keys()].sort()).toEqual(['__proto__', 'hasOwnProperty', 'override_', 'toString']);
    expect(steps.get('constructor')).toBeUndefined();
  });
});
