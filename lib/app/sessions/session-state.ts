import { readState, InstanceState, type StateServices } from '../../behaviours/instance-state.js';
import { StateConflictError } from '../../model/errors-instance.js';
import type { StateSource } from '../../model/state-source.js';
import type { CurrentExecution } from '../../ports/current-execution.js';
import { isApplied } from '../../ports/is-applied.js';
import type { InstanceChange, Verdict } from '../../ports/store-write.js';
import type { StoredInstance } from '../../ports/stored-instance.js';

/** How often an update is computed before it gives up. */
const TRIES = 100;

type Change = (stored: string | null) => Promise<string | null>;

/** What one state of one session works with. */
export interface SessionStateParts {
  /** Names it in the store. */
  readonly instance: string;
  /** Names it for people. */
  readonly instanceId: string;
  readonly source: StateSource;
  readonly services: () => StateServices;
  readonly assertOpen: (call: string) => void;
  readonly own: () => CurrentExecution | undefined;
  readonly read: (instance: string) => Promise<StoredInstance | null>;
  readonly write: (change: InstanceChange) => Promise<Verdict>;
  readonly version: () => string;
  /** Runs the task when those before it of the same name have ended. */
  readonly inTurn: <Result>(name: string, task: () => Promise<Result>) => Promise<Result>;
}

/**
 * State that the executions of a session share, and whoever else asks for it: checked by its class or schema whenever it is
 * read and written. It lives until it is cleared, whatever becomes of the session.
 */
export class SessionState<State> {
  /** @internal */
  constructor(private readonly parts: SessionStateParts) {}

  /**
   * As it is stored, frozen; undefined: nobody has set it. In an execution it is a step: what was read is recorded. Rejects with
   * `InvalidStateError` for what its class or schema does not take any more.
   */
  async get(): Promise<State | undefined> {
    const { parts } = this;
    parts.assertOpen('state().get()');
    const own = parts.own();
    const text =
      own === undefined ? ((await parts.read(parts.instance))?.state ?? null) : await this.asStep(own, null);
    return this.decoded(text);
  }

  /**
   * Sets it, to a value or to what the function makes of the present one; answers what is stored then. Concurrent updates all
   * apply, one after the other: the function is called again when somebody else was faster, so it should do nothing else. In
   * an execution the update is a step, stored in one commit with it: it is applied once, whatever crashes. Rejects with
   * `InvalidStateError`, with what the function throws, and with `StateConflictError` when others were faster 100 times;
   * nothing is stored then.
   *
   * @example
   * await app.session('tenant-1').state(Usage).update((usage) => ({ calls: (usage?.calls ?? 0) + 1 }));
   */
  async update(change: State | ((current: State | undefined) => State | Promise<State>)): Promise<State> {
    this.parts.assertOpen('state().update()');
    const text = await this.apply(async (stored) => this.changed(stored, change));
    return (await this.decoded(text)) as State;
  }

  /** Forgets it: nothing of it is stored any more. In an execution it is a step. */
  async clear(): Promise<void> {
    this.parts.assertOpen('state().clear()');
    await this.apply(() => Promise.resolve(null));
  }

  private async changed(
    stored: string | null,
    change: State | ((current: State | undefined) => State | Promise<State>),
  ): Promise<string | null> {
    const { services, instanceId, source } = this.parts;
    const isFunction = typeof change === 'function';
    const state = new InstanceState(services(), instanceId, source, isFunction ? stored : null);
    await state.open();
    const next: unknown = isFunction
      ? await (change as (current: State | undefined) => unknown)(
          (state.current ?? undefined) as State | undefined,
        )
      : change;
    state.set(next);
    await state.settled();
    return state.encoded;
  }

  private apply(change: Change): Promise<string | null> {
    const own = this.parts.own();
    if (own !== undefined) return this.asStep(own, change);
    return this.parts.inTurn(this.parts.instance, () => this.applyNow(change));
  }

  private async applyNow(change: Change): Promise<string | null> {
    const { instance, read, write, version } = this.parts;
    for (let tries = 0; tries < TRIES; tries++) {
      const stored = await read(instance);
      const state = await change(stored?.state ?? null);
      if (stored === null && state === null) return null;
      const expected = stored?.version ?? null;
      if (isApplied(await write({ id: instance, expected, version: version(), state }))) return state;
    }
    throw this.conflict();
  }

  private asStep(own: CurrentExecution, change: Change | null): Promise<string | null> {
    const { instance } = this.parts;
    const answer = own.state({ instance, change, tries: TRIES, conflict: () => this.conflict() });
    answer.catch(() => {});
    return answer as Promise<string | null>;
  }

  private conflict(): StateConflictError {
    return new StateConflictError(this.parts.instanceId, TRIES);
  }

  private async decoded(text: string | null): Promise<State | undefined> {
    if (text === null) return undefined;
    const { services, instanceId, source } = this.parts;
    return (await readState(services(), instanceId, source, text)) as State;
  }
}
