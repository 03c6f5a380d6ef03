import { AsyncLocalStorage } from 'node:async_hooks';
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
  /** Answered later when they were called before. */
  private readonly slow = new Set<string>();

  constructor(private readonly repeatable: readonly string[]) {}

  /** The object as bodies of that process see it; a value without methods is given as it is. */
  wrap(value: unknown, recorded: Recorded, gate: ProcessGate): unknown {
    if (typeof value === 'function') return this.wrapFunction(value as Callable, value, recorded, gate);
    return isRecordable(value) ? this.wrapObject(value, recorded, gate) : value;
  }

  private wrapObject(value: object, recorded: Recorded, gate: ProcessGate): object {
    const members = new Map<string | symbol, readonly [own: unknown, wrapped: unknown]>();
    // A proxy must give the own values of a frozen target.
    const target = Object.isFrozen(value)
      ? (Object.create(Object.getPrototypeOf(value) as object) as object)
      : value;
    return new Proxy(target, {
      get: (_, name) => {
        const own: unknown = Reflect.get(value, name, value);
        if (typeof name === 'symbol' || name === 'constructor' || name in Object.prototype) return own;
        const known = members.get(name);
        if (known !== undefined && known[0] === own) return known[1];
        const within = { ...recorded, title: `${recorded.title}.${name}` };
        const wrapped =
          typeof own === 'function'
            ? this.wrapFunction(own as Callable, value, within, gate)
            : isRecordable(own)
              ? this.wrapObject(own, within, gate)
              : own;
        members.set(name, [own, wrapped]);
        return wrapped;
      },
      set: (_, name, member) => Reflect.set(value, name, member, value),
      has: (_, name) => Reflect.has(value, name),
    });
  }

  private wrapFunction(body: Callable, receiver: unknown, recorded: Recorded, gate: ProcessGate): unknown {
    return new Proxy(body, {
      apply: (_, caller, args: readonly unknown[]) => {
        const self: unknown = typeof receiver === 'function' ? caller : receiver;
        return this.call(() => Reflect.apply(body, self, args) as unknown, args, recorded, gate);
      },
    });
  }

  private call(
    invoke: () => unknown,
    args: readonly unknown[],
    recorded: Recorded,
    gate: ProcessGate,
  ): unknown {
    const frame = shared().storage.getStore();
    const { title: effect, isGuessed } = recorded;
    if (!(frame instanceof Frame) || mayRepeat(effect, this.repeatable)) return invoke();
    if (gate.isDead && this.slow.has(effect)) return new Promise(() => {});
    const { pass } = frame;
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

/** Has members to record: built-in collections and values are data. */
export function isRecordable(value: unknown): value is object {
  if (typeof value === 'function') return true;
  return (
    typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]'
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
