import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { isThenable } from '../../model/is-thenable.js';
import { BUILT_IN, namesOf } from '../../model/path.js';
import { shared } from '../../ports/current-execution.js';
import { Frame } from '../../step/frame.js';
import type { EffectCall } from './effect-call.js';
import { idempotencyKeyIn } from './idempotency-key-in.js';
import type { ProcessBorder } from './process-border.js';
import { mayRepeat } from './repeatable.js';
import { type Recorded, type RecordedCall, recordingProxy } from './recording-proxy.js';

const underWay = new AsyncLocalStorage<EffectCall>();

/** Notes the calls that bodies of one run make to what lies outside. */
export class Recorder {
  readonly calls: EffectCall[] = [];
  /** Steps that ran, and those that called anything at all. */
  private readonly bodies = new Set<string>();
  private readonly callers = new Set<string>();
  /** Of the processes, by what their passes work with. */
  private readonly borders = new WeakMap<object, ProcessBorder>();

  constructor(
    private readonly repeatable: readonly string[],
    /** What answered later when it was called in this run or one before. */
    private readonly slow: Set<string>,
  ) {}

  /** Steps of users that called nothing: what they do outside, if anything, is not known. */
  get silent(): readonly string[] {
    const bodies = [...this.bodies];
    return bodies.filter(
      (step) => !this.callers.has(step) && !bodies.some((nested) => nested.startsWith(`${step}/`)),
    );
  }

  /** The body that begins now, and those that it calls, belong to that process. */
  bodyBegins(border: ProcessBorder): void {
    const frame = shared().storage.getStore();
    if (!(frame instanceof Frame)) return;
    this.borders.set(frame.pass.services, border);
    if (frame.parent !== null && !frame.encodedName.startsWith(BUILT_IN)) this.bodies.add(titleOf(frame));
  }

  /** The object as bodies see it; a value without methods is given as it is. */
  wrap(value: unknown, recorded: Recorded): unknown {
    return recordingProxy(value, recorded, this.call);
  }

  private readonly call: RecordedCall = (invoke, args, { title: effect, isGuessed }) => {
    const frame = shared().storage.getStore();
    if (!(frame instanceof Frame)) return invoke();
    this.callers.add(titleOf(frame));
    if (mayRepeat(effect, this.repeatable)) return invoke();
    const { pass } = frame;
    if (this.borders.get(pass.services)?.isDead === true) return this.refuse(effect);
    const call: EffectCall = {
      effect,
      step: titleOf(frame),
      path: `${pass.record.id}/${frame.path}`,
      body: frame,
      isOutsideSteps: frame.parent === null,
      key: idempotencyKeyIn(args, { executionId: pass.record.id, paths: pathsOf(frame) }),
      outcome: 'pending',
      isOuter: false,
    };
    const outer = underWay.getStore() ?? null;
    const isMaybeCalculation = isGuessed && (call.isOutsideSteps || outer !== null);
    return this.follow(call, outer, () => underWay.run(call, invoke), isMaybeCalculation);
  };

  /** A body that outlives its process in the machine: nothing that it does reaches anybody. */
  private refuse(effect: string): Promise<never> {
    if (this.slow.has(effect)) return new Promise(() => {});
    throw new Error(`${effect} was called by a process that has crashed`);
  }

  private follow(
    call: EffectCall,
    outer: EffectCall | null,
    invoke: () => unknown,
    isMaybeCalculation: boolean,
  ): unknown {
    this.calls.push(call);
    let answer: unknown;
    try {
      answer = invoke();
    } catch (error) {
      call.outcome = 'threw';
      throw error;
    }
    const isSlow = isThenable(answer);
    if (isMaybeCalculation && !isSlow) this.calls.splice(this.calls.lastIndexOf(call), 1);
    else if (outer !== null) outer.isOuter = true;
    if (!isSlow) {
      call.outcome = 'done';
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

/** Worker and names: `order-worker.fulfil/charge`. */
function titleOf({ pass, path }: Frame): string {
  return `${pass.worker.id}.${namesOf(path)}`;
}

/** Its own path and those around it. */
function pathsOf(frame: Frame): readonly string[] {
  return frame.parent === null ? [frame.path] : [frame.path, ...pathsOf(frame.parent)];
}
