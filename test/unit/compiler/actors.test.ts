import { z } from 'zod';
import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { Actor, OnAlarm, OnError, OnIdle } from '../../../lib/decorators/actor.js';
import { Compensate } from '../../../lib/decorators/compensate.js';
import { Concurrency } from '../../../lib/decorators/concurrency.js';
import { defineEvent } from '../../../lib/decorators/define-event.js';
import { Every } from '../../../lib/decorators/every.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { Retry } from '../../../lib/decorators/retry.js';
import { Step } from '../../../lib/decorators/step.js';
import { Worker } from '../../../lib/decorators/worker.js';
import type { WorkerClass } from '../../../lib/model/definition.js';
import { DefinitionError } from '../../../lib/model/errors-boot.js';

const Moved = defineEvent('moved', z.object({ id: z.string() }));
const State = z.object({ n: z.number() });

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

/** Decorators as plain calls, so that types cannot refuse them. */
const loose = Actor as (options?: unknown) => (target: WorkerClass) => void;

describe('a class with @Actor', () => {
  it('is a worker whose handlers are turns; the alarm is a handler of its own', () => {
    @Actor({ id: 'orders', state: State, key: 'id', description: 'one of each order', logLevel: 'warn' })
    class Orders {
      @OnEvent(Moved) moved(): void {}
      @OnEvent(defineEvent('moved.far', z.object({ to: z.string() })), { key: 'to' }) far(): void {}
      @OnAlarm() @Retry({ maxAttempts: 9 }) late(): void {}
      @OnIdle() idle(): void {}
      @OnError() failed(): void {}
      @Step() work(): void {}
    }
    const [worker] = compileWorkers([Orders]);
    expect(worker).toMatchObject({ id: 'orders', description: 'one of each order', logLevel: 'warn' });
    expect(worker?.handlers.map(({ id }) => id)).toEqual(['orders.moved', 'orders.far', 'orders.late']);
    expect([...(worker?.steps.keys() ?? [])]).toEqual(['work']);
    const [moved, far, late] = worker?.handlers ?? [];
    for (const handler of worker?.handlers ?? [])
      expect(handler.keyed).toMatchObject({
        kind: 'actor',
        key: { path: 'id' },
        alarm: 'orders.late',
        idle: 'idle',
        error: 'failed',
        state: State,
      });
    expect(moved?.routes[0]?.key).toBeUndefined();
    expect(far?.routes[0]?.key?.path).toBe('to');
    expect([moved?.retry, late?.retry]).toMatchObject([
      { maxAttempts: 3, whenExhausted: 'park' },
      { maxAttempts: 9, whenExhausted: 'park' },
    ]);
  });

  it('fails a message instead of parking it where its @Retry has a hook for that', () => {
    @Actor({ id: 'hooked', state: State, key: 'id' })
    class Hooked {
      @OnEvent(Moved) @Retry({ onExhausted: () => {} }) moved(): void {}
    }
    expect(compileWorkers([Hooked])[0]?.handlers[0]?.retry.whenExhausted).toBe('fail');
  });

  it('inherits its methods', () => {
    abstract class Base {
      @OnAlarm() late(): void {}
    }
    @Actor({ id: 'derived', state: State, key: 'id' })
    class Derived extends Base {
      @OnEvent(Moved) moved(): void {}
    }
    expect(compileWorkers([Derived])[0]?.handlers.map(({ method }) => method)).toEqual(['late', 'moved']);
  });
});

describe('what is wrong with an actor', () => {
  it('is told in one error, for all classes', () => {
    class Stateless {
      @OnEvent(Moved) moved(): void {}
    }
    loose({ key: 'id' })(Stateless);
    class Keyless {
      @OnEvent(Moved) moved(): void {}
    }
    loose({ state: State })(Keyless);
    class Wrong {
      @OnEvent(Moved, { key: 'a..b' }) moved(): void {}
    }
    loose({ state: 7, key: () => 'a', colour: 'red' })(Wrong);
    class Nothing {}
    loose('orders')(Nothing);
    expect(mistakesOf(Stateless, Keyless, Wrong, Nothing)).toEqual([
      'Stateless: @Actor has no state',
      'Keyless.moved: neither @Actor nor @OnEvent says where its event has the key',
      'Wrong: @Actor has the unknown option colour',
      'Wrong: @Actor has state: 7',
      'Wrong: @Actor has a function as its key',
      "Wrong.moved: @OnEvent has key: 'a..b'",
      "Nothing: @Actor has 'orders' as its options",
      'Nothing: @Actor has no state',
      'Nothing: it is an actor, and has no @OnEvent',
    ]);
  });

  it('may be its methods', () => {
    @Actor({ id: 'methods', state: State, key: 'id' })
    @Concurrency(3)
    class Methods {
      @OnEvent(Moved) @Concurrency(1) moved(): void {}
      @OnAlarm() first(): void {}
      @OnAlarm() second(): void {}
      @OnIdle() idle(): void {}
      @OnIdle() idler(): void {}
      @OnIdle() @Step() idleStep(): void {}
      @OnError() @OnEvent(Moved) both(): void {}
      @OnIdle() @OnError() roles(): void {}
      @Every('5 minutes') tick(): void {}
      @Step({ after: 'moved' }) after(): void {}
      @Step() done(): void {}
      @Compensate('done') @OnError() undo(): void {}
    }
    const found = mistakesOf(Methods);
    expect(found).toEqual(
      expect.arrayContaining([
        'Methods: @Concurrency is on an actor',
        'Methods.moved: @Concurrency is on an actor',
        "Methods.second: @OnAlarm is also on 'first'",
        "Methods.idler: @OnIdle is also on 'idle'",
        'Methods.idleStep: it has @OnIdle and @Step',
        'Methods.both: it has @OnError and @OnEvent',
        'Methods.roles: it has @OnIdle and another of @OnAlarm, @OnIdle and @OnError',
        'Methods.tick: @Every is on a method of an actor',
        "Methods.after: it comes after 'moved', a method of an actor",
        'Methods.undo: it has @OnError and @Compensate',
      ]),
    );
  });

  it('may be that it is none', () => {
    @Worker('plain')
    class Plain {
      @OnEvent(Moved, { key: 'id' }) moved(): void {}
      @OnAlarm() late(): void {}
      @OnError() failed(): void {}
    }
    @Worker('twice')
    @Actor({ id: 'other', state: State, key: 'id' })
    class Twice {
      @OnEvent(Moved) moved(): void {}
    }
    @Actor({ id: 'other', state: State, key: 'id' })
    @Worker('twice')
    class Reversed {
      @OnEvent(Moved) moved(): void {}
    }
    expect(mistakesOf(Plain, Twice, Reversed)).toEqual([
      'Plain.moved: @OnEvent has a key, and its class is no actor',
      'Plain.late: @OnAlarm is on a method of a class that is no actor',
      'Plain.failed: @OnError is on a method of a class that is no actor',
      'Twice: it has @Worker and @Actor',
      'Reversed: it has @Worker and @Actor',
    ]);
  });
});
