import { isThenable } from '../../model/is-thenable.js';
import { namesOf } from '../../model/path.js';
import { shared } from '../../ports/current-execution.js';
import { Frame } from '../../step/frame.js';
import type { Machine } from '../simulation/machine.js';
import type { ProviderCall } from './provider-call.js';
import { shown } from './shown-value.js';

type Method = (...args: readonly unknown[]) => unknown;

/** Lets the calls of bodies to the world outside take virtual time, and notes them. */
export class CallWatch {
  readonly ledger: ProviderCall[] = [];

  constructor(
    private readonly latencyMs: number,
    private readonly note: (machine: Machine, frame: Frame, text: string) => void,
  ) {}

  /** The value as bodies on that machine see it. */
  wrap(value: unknown, title: string, machine: Machine): unknown {
    if (typeof value === 'function') return this.wrapMethod(value as Method, undefined, title, machine);
    if (typeof value !== 'object' || value === null) return value;
    const wrapped = new Map<PropertyKey, { readonly own: unknown; readonly seen: unknown }>();
    return new Proxy(value, {
      get: (target, name) => {
        // Private fields are found on the target only.
        const own: unknown = Reflect.get(target, name, target);
        if (typeof own !== 'function' || typeof name === 'symbol' || name === 'constructor') return own;
        const descriptor = Reflect.getOwnPropertyDescriptor(target, name);
        if (descriptor?.configurable === false && descriptor.writable === false) return own;
        const known = wrapped.get(name);
        if (known?.own === own) return known.seen;
        const seen = this.wrapMethod(own as Method, target, `${title}.${name}`, machine);
        wrapped.set(name, { own, seen });
        return seen;
      },
      set: (target, name, next) => Reflect.set(target, name, next, target),
    });
  }

  private wrapMethod(method: Method, receiver: object | undefined, call: string, machine: Machine): Method {
    return new Proxy(method, {
      apply: (_, caller: unknown, args: readonly unknown[]) => {
        const invoke = (): unknown => Reflect.apply(method, receiver ?? caller, args) as unknown;
        const frame = shared().storage.getStore();
        return frame instanceof Frame ? this.call(invoke, call, args, frame, machine) : invoke();
      },
    });
  }

  private call(
    invoke: () => unknown,
    call: string,
    args: readonly unknown[],
    frame: Frame,
    machine: Machine,
  ): unknown {
    this.ledger.push({
      at: machine.time.now(),
      process: machine.name,
      execution: frame.pass.record.id,
      step: namesOf(frame.path),
      attempt: frame.attempt,
      call,
      args,
    });
    const note = (text: string): void => this.note(machine, frame, text);
    const line = `${call}(${args.map(shown).join(', ')})`;
    let answer: unknown;
    try {
      answer = invoke();
    } catch (error) {
      note(`${line} threw ${shown(error)}`);
      throw error;
    }
    if (!isThenable(answer)) {
      note(answer === undefined ? line : `${line} gave ${shown(answer)}`);
      return answer;
    }
    note(line);
    return this.late(answer, machine, (text) => note(`${call} ${text}`));
  }

  /** The answer travels: whoever died meanwhile never gets it. */
  private late(answer: PromiseLike<unknown>, machine: Machine, note: (text: string) => void): unknown {
    const travel = (then: () => void): void => {
      if (this.latencyMs === 0) then();
      else machine.moment(machine.latency(this.latencyMs), then);
    };
    return new Promise((resolve, reject) => {
      answer.then(
        (value) =>
          travel(() => {
            if (value !== undefined) note(`gave ${shown(value)}`);
            resolve(value);
          }),
        (error: unknown) =>
          travel(() => {
            note(`threw ${shown(error)}`);
            reject(error instanceof Error ? error : (error as Error));
          }),
      );
    });
  }
}
