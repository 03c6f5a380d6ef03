import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { exponential, fixed, linear } from '../../../lib/decorators/backoff.js';
import { Event } from '../../../lib/decorators/event.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { Retry } from '../../../lib/decorators/retry.js';
import { Step } from '../../../lib/decorators/step.js';
import { Timeout } from '../../../lib/decorators/timeout.js';
import { Worker } from '../../../lib/decorators/worker.js';
import type { WorkerClass } from '../../../lib/model/definition.js';
import { DefinitionError } from '../../../lib/model/errors-boot.js';

@Event('thing.happened')
class ThingHappened {}

class NoEvent {}

/** What is found, as `Class.member: found`. */
function mistakesOf(...classes: WorkerClass[]): string[] {
  try {
    compileWorkers(classes);
  } catch (error) {
    if (error instanceof DefinitionError)
      return error.mistakes.map((m) => `${m.class}${m.member === null ? '' : `.${m.member}`}: ${m.found}`);
    throw error;
  }
  return [];
}

type Decorate = (target: object, key: string | symbol, descriptor?: PropertyDescriptor) => void;

/** A worker whose `run` method carries the decorators, written as plain calls so that types cannot refuse them. */
function workerWith(...decorators: unknown[]): WorkerClass {
  class Sample {
    run(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Sample.prototype, 'run') as PropertyDescriptor;
  for (const decorate of decorators.reverse()) (decorate as Decorate)(Sample.prototype, 'run', descriptor);
  Object.defineProperty(Sample.prototype, 'run', descriptor);
  Worker('sample')(Sample);
  return Sample;
}

const loose = {
  OnEvent: OnEvent as (...args: unknown[]) => unknown,
  Step: Step as (options?: object) => unknown,
  Retry: Retry as (options: unknown) => unknown,
  Timeout: Timeout as (duration: unknown) => unknown,
};

describe('every mistake of every class', () => {
  it('is told in one error', () => {
    class Undecorated {}
    @Worker('twin')
    class FirstTwin {
      @OnEvent(ThingHappened) a(): void {}
    }
    @Worker('twin')
    class SecondTwin {
      @OnEvent(ThingHappened) a(): void {}
      @Retry({ maxAttempts: 0 })
      b(): void {}
    }
    expect(mistakesOf(Undecorated, FirstTwin, SecondTwin)).toEqual([
      'Undecorated: it has no @Worker',
      'Undecorated: it has no handler and no step',
      'SecondTwin.b: @Retry stands on a method that is neither handler nor step',
      'SecondTwin.b: @Retry has maxAttempts: 0',
      "SecondTwin: its id 'twin' is also that of FirstTwin",
    ]);
  });

  it('says what to write', () => {
    expect(() => compileWorkers([workerWith(loose.OnEvent((e: unknown) => e !== null))])).toThrow(
      new RegExp(
        String.raw`1 mistake in definitions:\n  - Sample\.run: @OnEvent has a guard but no event\. Name the events first: @OnEvent\(\[A, B\], guard\)`,
      ),
    );
  });
});

describe('a policy', () => {
  it.each([
    [{ maxAttempts: 0 }, '@Retry has maxAttempts: 0'],
    [{ maxAttempts: 1.5 }, '@Retry has maxAttempts: 1.5'],
    [{ maxAttempts: '3' }, "@Retry has maxAttempts: '3'"],
    [{ maxAttempts: Number.NaN }, '@Retry has maxAttempts: NaN'],
    [{ jitter: 2 }, '@Retry has jitter: 2'],
    [{ jitter: -0.1 }, '@Retry has jitter: -0.1'],
    [{ maxDuration: '1 month' }, "@Retry has maxDuration: '1 month'"],
    [{ maxDuration: 0 }, '@Retry has maxDuration: 0'],
    [{ retryIf: true }, '@Retry has retryIf: true'],
    [{ onRetry: 'missing' }, "@Retry has onRetry: 'missing'"],
    [{ onExhausted: 'missing' }, "@Retry has onExhausted: 'missing'"],
    [{ onExhausted: 'constructor' }, "@Retry has onExhausted: 'constructor'"],
    [{ onRetry: 'toString' }, "@Retry has onRetry: 'toString'"],
    [{ backoff: 'fast' }, "@Retry has backoff: 'fast'"],
    [
      { backoff: { kind: 'exponential', initial: '5 minuts', factor: 2, max: '1m' } },
      "@Retry has backoff with initial: '5 minuts'",
    ],
    [
      { backoff: { kind: 'exponential', initial: '1s', factor: 0.5, max: '1m' } },
      '@Retry has backoff with factor: 0.5',
    ],
    [
      { backoff: { kind: 'linear', initial: '1s', increment: -1, max: '1m' } },
      '@Retry has backoff with increment: -1',
    ],
    [{ backoff: { kind: 'fixed', delay: undefined } }, '@Retry has backoff with delay: undefined'],
    [{ backoff: exponential('1s', { maximum: '3s' } as object) }, "@Retry has backoff with maximum: '3s'"],
    [{ backoff: linear('1s', { factor: 2 } as object) }, '@Retry has backoff with factor: 2'],
    [{ backoff: { ...fixed('1s'), max: '1m' } }, "@Retry has backoff with max: '1m'"],
    [{ attempts: 3 }, '@Retry has attempts: 3'],
  ])('%j is refused', (options, found) => {
    expect(mistakesOf(workerWith(loose.Step(), loose.Retry(options)))).toEqual([`Sample.run: ${found}`]);
  });

  it.each([['soon'], [0], [-1], [undefined], ['2 years'], [Infinity]])(
    '@Timeout(%p) is refused',
    (duration) => {
      expect(mistakesOf(workerWith(loose.Step(), loose.Timeout(duration)))).toEqual([
        expect.stringContaining('Sample.run: @Timeout has '),
      ]);
    },
  );

  it('that is no object is refused', () => {
    expect(mistakesOf(workerWith(loose.Step(), loose.Retry('5')))).toEqual(["Sample.run: @Retry has '5'"]);
  });

  it('on a class is checked too', () => {
    const type = workerWith(loose.Step());
    Retry({ maxAttempts: -1 })(type);
    expect(mistakesOf(type)).toEqual(['Sample: @Retry has maxAttempts: -1']);
  });

  it('on an undecorated method is refused', () => {
    expect(mistakesOf(workerWith(loose.Timeout('1s')))).toEqual([
      'Sample.run: @Timeout stands on a method that is neither handler nor step',
    ]);
  });

  it('written twice is refused', () => {
    expect(mistakesOf(workerWith(loose.Step(), loose.Retry({}), loose.Retry({})))).toEqual([
      'Sample.run: @Retry is written twice',
    ]);
  });
});

describe('an event source', () => {
  it.each([
    ['a class without @Event', [NoEvent], '@OnEvent has the class NoEvent, which is no event'],
    ['undefined', [undefined], '@OnEvent has undefined as its event'],
    ['a number', [7], '@OnEvent has 7, which is no event'],
    ['an object', [{ a: 1 }], '@OnEvent has {"a":1}, which is no event'],
    ['an empty name', [''], "@OnEvent has the event name ''"],
    ['a control character', ['a\u0000b'], "@OnEvent has the event name 'a\\u0000b'"],
    ['a star in front', ['*all'], "@OnEvent has the event name '*all'"],
    ['an empty list', [[]], '@OnEvent has an empty list'],
    ['one event twice', [[ThingHappened, 'thing.happened']], "@OnEvent names 'thing.happened' twice"],
    ['a filter that is none', [ThingHappened, { when: 'yes' }], "@OnEvent has 'yes' as a filter"],
  ])('%s is refused', (_, args, found) => {
    expect(mistakesOf(workerWith(loose.OnEvent(...args)))).toEqual([`Sample.run: ${found}`]);
  });

  it('with a bad keep or correlate is refused where it is used', () => {
    @Event('kept', { keep: '1 month' as '1d', correlate: '' as string })
    class Kept {}
    expect(mistakesOf(workerWith(loose.OnEvent(Kept)))).toEqual([
      "Sample.run: @Event('kept') has keep: '1 month'",
      "Sample.run: @Event('kept') has correlate: ''",
    ]);
  });

  it('named by two @OnEvent of one method is refused', () => {
    expect(mistakesOf(workerWith(loose.OnEvent(ThingHappened), loose.OnEvent('thing.happened')))).toEqual([
      "Sample.run: @OnEvent names 'thing.happened' twice",
    ]);
  });
});

describe('a method', () => {
  it('is not both handler and step', () => {
    expect(mistakesOf(workerWith(loose.OnEvent('x'), loose.Step()))).toEqual([
      'Sample.run: it is a handler and a step',
    ]);
  });

  it('that listens by the decorator of @nestjs/event-emitter is a wrong import', () => {
    class Listening {
      run(): void {}
    }
    Reflect.defineMetadata(
      'EVENT_LISTENER_METADATA',
      [{ event: 'x' }],
      Reflect.get(Listening.prototype, 'run'),
    );
    Worker('listening')(Listening);
    expect(() => compileWorkers([Listening])).toThrow(
      "Listening.run: @OnEvent comes from @nestjs/event-emitter, which is not durable. Write import { OnEvent } from 'holdfast'",
    );
    expect(mistakesOf(Listening)).toHaveLength(1);
  });

  it.each([
    [
      'static',
      (type: WorkerClass, decorate: Decorate) => {
        decorate(type, 'run', { value: () => 1 });
      },
      'run',
      'a static method',
    ],
    [
      'an accessor',
      (type: WorkerClass, decorate: Decorate) => {
        decorate(type.prototype, 'run', { get: () => 1 });
      },
      'run',
      'an accessor',
    ],
    [
      'a property',
      (type: WorkerClass, decorate: Decorate) => {
        decorate(type.prototype, 'run');
      },
      'run',
      'a property',
    ],
    [
      'a symbol',
      (type: WorkerClass, decorate: Decorate) => {
        decorate(type.prototype, Symbol('run'), { value: () => 1 });
      },
      'Symbol(run)',
      'a method named by a symbol',
    ],
    [
      'private',
      (type: WorkerClass, decorate: Decorate) => {
        decorate(type.prototype, '#run', { value: () => 1 });
      },
      '#run',
      'a private method',
    ],
  ])('that is %s is no step', (_, place, member, found) => {
    class Misplaced {}
    Worker('misplaced')(Misplaced);
    place(Misplaced, Step() as unknown as Decorate);
    expect(mistakesOf(Misplaced)).toEqual([`Misplaced.${member}: @Step is on ${found}`]);
  });

  it.each(['', 'a b', 'a/b', 'a~b', '../x', '1a', 'x'.repeat(201)])(
    'named %j cannot stand in paths',
    (name) => {
      class Odd {}
      const descriptor = { value(): void {}, configurable: true };
      (Step() as unknown as Decorate)(Odd.prototype, name, descriptor);
      Object.defineProperty(Odd.prototype, name, descriptor);
      Worker('odd')(Odd);
      expect(mistakesOf(Odd)).toEqual([expect.stringContaining('cannot stand in stored paths')]);
    },
  );
});

describe('a worker id', () => {
  it.each([
    ['OrderWorker', 'order-worker'],
    ['HTTPWorker', 'http-worker'],
    ['Order2Worker', 'order2-worker'],
    ['_OrderWorker', 'order-worker'],
    ['OrderWorker$1', 'order-worker'],
    ['Job', 'job'],
  ])('is derived from %s as %s', (name, id) => {
    expect(compileWorkers([named(name)])[0]?.id).toBe(id);
  });

  it.each(['', 't', 'e1', 'aB', 'a$b', '$t', 'b1t', 'a1b2', 'Заказы'])('is not derived from %j', (name) => {
    expect(mistakesOf(named(name))).toEqual([expect.stringContaining('gives no safe id')]);
    expect(compileWorkers([named(name, 'orders')])[0]?.id).toBe('orders');
  });

  it.each(['', 'a b', 'a/b', '-a', 'a:b', '__proto__', '../x', 'x'.repeat(101), 'ä'])(
    'of %j is refused',
    (id) => {
      expect(mistakesOf(named('Sample', id))).toEqual([expect.stringContaining('its id is')]);
    },
  );

  function named(name: string, id?: string): WorkerClass {
    const type = class {
      run(): void {}
    };
    Object.defineProperty(type, 'name', { value: name });
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, 'run') as TypedPropertyDescriptor<
      () => void
    >;
    OnEvent('x')(type.prototype, 'run', descriptor);
    Worker(id)(type);
    return type;
  }
});

describe('@Worker', () => {
  it.each([
    [{ name: 'x' }, "@Worker has name: 'x'"],
    [{ logLevel: 'loud' }, "@Worker has logLevel: 'loud'"],
    [{ description: 5 }, '@Worker has description: 5'],
    [{ inject: 'Payments' }, "@Worker has inject: 'Payments'"],
  ])('(%j) is refused', (options, found) => {
    class Sample {}
    (OnEvent('x') as unknown as Decorate)(Sample.prototype, 'run', { value: () => 1 });
    (Worker as (options: unknown) => (type: WorkerClass) => void)(options)(Sample);
    expect(mistakesOf(Sample)).toEqual([`Sample: ${found}`]);
  });

  it('listing a function that is no class is refused', () => {
    const arrow = (): void => {};
    expect(mistakesOf(arrow as unknown as WorkerClass)).toEqual([
      'arrow: it has no @Worker',
      'arrow: it has no handler and no step',
    ]);
  });

  it('listing something that is no class is refused', () => {
    expect(mistakesOf(undefined as unknown as WorkerClass)).toEqual(['(workers): undefined is no class']);
  });
});
