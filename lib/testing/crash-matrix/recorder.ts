import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { namesOf } from '../../model/path.js';
import { shared } from '../../ports/current-execution.js';
import { Frame } from '../../step/frame.js';
import type { EffectCall } from './effect-call.js';
import { idempotencyKeyIn } from './idempotency-key-in.js';
import type { ProcessGate } from './process-gate.js';
import { mayRepeat } from './repeatable.js';

type Callable = (...args: readonly unknown[]) => unknown;

/** What is recorded of the calls of one object. */
export interface Recorded {
  /** As reports name it: `Payments`. */
  readonly title: string;
  /** Calls that the handler makes count only when they answer later: what answers at once may be a calculation. */
  readonly isGuessed: boolean;
}

const underWay = new AsyncLocalStorage<EffectCall>();

/** Notes the calls that bodies of one run make to what lies outside. */
export class Recorder {
  readonly calls: EffectCall[] = [];
  /** Of the processes, by what their passes work with. */
  private readonly gates = new WeakMap<object, ProcessGate>();

  constructor(
    private readonly repeatable: readonly string[],
    /** What answered later when it was called in this run or one before. */
    private readonly slow: Set<string>,
  ) {}

  /** The body that begins now, and those that it calls, belong to that process. */
  bodyBegins(gate: ProcessGate): void {
    const frame = shared().storage.getStore();
    if (frame instanceof Frame) this.gates.set(frame.pass.services, gate);
  }

  /** The object as bodies see it; a value without methods is given as it is. */
  wrap(value: unknown, recorded: Recorded): unknown {
    return isRecordable(value) ? this.wrapObject(value, recorded) : value;
  }

  private wrapObject(value: object, recorded: Recorded): object {
    const members = new Map<string, readonly [own: unknown, wrapped: unknown]>();
    const memberOf = (name: string, own: unknown): unknown => {
      const within = { ...recorded, title: `${recorded.title}.${name}` };
      if (typeof own === 'function') return this.wrapFunction(own as Callable, value, within);
      return this.wrap(own, within);
    };
    return new Proxy(targetFor(value), {
      get: (_, name) => {
        const own: unknown = Reflect.get(value, name, value);
        if (typeof name === 'symbol' || isBuiltIn(value, name)) return own;
        const known = members.get(name);
        if (known !== undefined && known[0] === own) return known[1];
        const wrapped = memberOf(name, own);
        members.set(name, [own, wrapped]);
        return wrapped;
      },
      set: (_, name, member) => Reflect.set(value, name, member, value),
      has: (_, name) => Reflect.has(value, name),
      ...(typeof value === 'function' ? this.trap(value as Callable, undefined, recorded) : null),
    });
  }

  private wrapFunction(body: Callable, receiver: object, recorded: Recorded): unknown {
    return new Proxy(body, this.trap(body, receiver, recorded));
  }

  /** Methods are called on the object itself, which may have private fields. */
  private trap(
    body: Callable,
    receiver: object | undefined,
    recorded: Recorded,
  ): { apply: (target: object, caller: unknown, args: readonly unknown[]) => unknown } {
    return {
      apply: (_, caller, args) =>
        this.call(() => Reflect.apply(body, receiver ?? caller, args) as unknown, args, recorded),
    };
  }

  private call(invoke: () => unknown, args: readonly unknown[], recorded: Recorded): unknown {
    const frame = shared().storage.getStore();
    const { title: effect, isGuessed } = recorded;
    if (!(frame instanceof Frame) || mayRepeat(effect, this.repeatable)) return invoke();
    const { pass } = frame;
    if (this.gates.get(pass.services)?.isDead === true) return this.refuse(effect);
    const call: EffectCall = {
      effect,
      step: `${pass.worker.id}.${namesOf(frame.path)}`,
      path: `${pass.record.id}/${frame.path}`,
      body: frame,
      isOutsideSteps: frame.parent === null,
      key: idempotencyKeyIn(args, pass.record.id),
      outcome: 'pending',
      isOuter: false,
    };
    const outer = underWay.getStore();
    if (outer !== undefined) outer.isOuter = true;
    return this.follow(call, () => underWay.run(call, invoke), isGuessed && call.isOutsideSteps);
  }

  /** A body that outlives its process in the machine: nothing that it does reaches anybody. */
  private refuse(effect: string): Promise<never> {
    if (this.slow.has(effect)) return new Promise(() => {});
    throw new Error(`${effect} was called by a process that has crashed`);
  }

  private follow(call: EffectCall, invoke: () => unknown, isMaybeCalculation: boolean): unknown {
    this.calls.push(call);
    let answer: unknown;
    try {
      answer = invoke();
    } catch (error) {
      call.outcome = 'threw';
      throw error;
    }
    if (!isThenable(answer)) {
      call.outcome = 'done';
      if (isMaybeCalculation) this.calls.splice(this.calls.lastIndexOf(call), 1);
      return answer;
    }
    this.slow.add(call.effect);
    // A thenable that is no promise, such as a query, may begin only when it is asked: that is left to the body.
    if (types.isPromise(answer))
      answer.then(
        () => {
          call.outcome = 'done';
        },
        () => {
          call.outcome = 'threw';
        },
      );
    return answer;
  }
}

/** Has members to record. What the platform makes is data: collections, promises, signals, errors. */
function isRecordable(value: unknown): value is object {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return kind === 'Object' || !(kind in globalThis);
}

/** A proxy must give the own values of a frozen target. */
function targetFor(value: object): object {
  if (typeof value === 'function' || !Object.isFrozen(value)) return value;
  return Object.create(Object.getPrototypeOf(value) as object) as object;
}

/** What every object or function has. */
function isBuiltIn(value: object, name: string): boolean {
  return (
    name in Object.prototype ||
    (typeof value === 'function' && (name in Function.prototype || name === 'prototype'))
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
