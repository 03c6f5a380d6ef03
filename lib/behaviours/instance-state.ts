import { deepFreeze } from '../model/deep-freeze.js';
import { InvalidStateError } from '../model/errors-instance.js';
import { UnstorableValueError } from '../model/errors-value.js';
import { isThenable } from '../model/is-thenable.js';
import type { Limits } from '../model/limits.js';
import type { StateSource } from '../model/state-source.js';
import { type Violation, withoutSubject } from '../model/violation.js';
import type { CheckedEvent } from '../ports/event-checker.js';
import type { StateChecker } from '../ports/state-checker.js';
import type { PassServices } from '../step/pass-services.js';

/** What it takes to read and write state. */
export interface StateServices extends Pick<PassServices, 'states' | 'codec'> {
  readonly settings: { readonly limits: Pick<Limits, 'stateBytes'> };
}

/** State that nobody checks. */
const anything: StateChecker = {
  check: (data) => ({ ok: true, data }),
  restore: (data) => data,
};

/** The state of one instance, during one turn or one update: checked when it is read and whenever it is set. */
export class InstanceState {
  /** Frozen; null: there is none. */
  current: unknown = null;
  /** It was set. */
  isChanged = false;
  private text: string | null;
  private checker: StateChecker = anything;
  private opened: unknown = null;
  /** Set, and to be checked by a schema that takes its time. */
  private unchecked: { readonly value: unknown } | null = null;

  constructor(
    private readonly services: StateServices,
    private readonly instanceId: string,
    private readonly source: StateSource | null,
    /** As it is stored; null: there is none. */
    private readonly stored: string | null,
  ) {
    this.text = stored;
  }

  /** Throws or rejects with `InvalidStateError` for what is stored and not valid any more. */
  open(): void | Promise<void> {
    const checker = this.source === null ? anything : this.services.states.of(this.source);
    return checker instanceof Promise ? checker.then((late) => this.read(late)) : this.read(checker);
  }

  set(value: unknown): void {
    if (isThenable(value))
      throw this.invalid([{ path: '', message: 'is a promise: await it first, and set what it gives' }]);
    const checked = this.checker.check(value);
    if (!(checked instanceof Promise)) {
      this.unchecked = null;
      this.accept(checked);
      return;
    }
    // Asked again when the method has returned: what is set last counts.
    checked.catch(() => {});
    this.unchecked = { value };
    this.current = this.copyOf(value);
    this.isChanged = true;
  }

  /** Nothing is left to check. Rejects with `InvalidStateError`. */
  async settled(): Promise<void> {
    const { unchecked } = this;
    if (unchecked === null) return;
    this.unchecked = null;
    this.accept(await this.checker.check(unchecked.value));
  }

  /** As it was opened. */
  reset(): void {
    this.current = this.opened;
    this.text = this.stored;
    this.isChanged = false;
    this.unchecked = null;
  }

  /** The text to store. */
  get encoded(): string | null {
    return this.text;
  }

  private read(checker: StateChecker): void | Promise<void> {
    this.checker = checker;
    if (this.stored === null) return;
    const checked = checker.check(this.services.codec.decode(this.stored));
    if (checked instanceof Promise) return checked.then((late) => this.opens(late));
    this.opens(checked);
  }

  private opens(checked: CheckedEvent): void {
    if (!checked.ok) throw new InvalidStateError(this.instanceId, checked.violations, 'read');
    this.current = this.opened = deepFreeze(this.checker.restore(checked.data));
  }

  private accept(checked: CheckedEvent): void {
    if (!checked.ok) throw this.invalid(checked.violations);
    const { text, value } = this.encode(checked.data);
    this.text = text;
    this.current = deepFreeze(this.checker.restore(value));
    this.isChanged = true;
  }

  private copyOf(value: unknown): unknown {
    return deepFreeze(this.encode(value).value);
  }

  private encode(data: unknown): { readonly text: string; readonly value: unknown } {
    const { codec, settings } = this.services;
    const { stateBytes } = settings.limits;
    let text: string;
    let copy: { readonly value: unknown } | null;
    try {
      ({ text, copy } = codec.encodeAndCopy(data));
    } catch (error) {
      if (!(error instanceof UnstorableValueError)) throw error;
      throw this.invalid([withoutSubject(error)]);
    }
    if (text.length * 3 > stateBytes && Buffer.byteLength(text) > stateBytes)
      throw this.invalid([
        {
          path: '',
          message: `has ${Buffer.byteLength(text)} bytes, more than limits.stateBytes (${stateBytes})`,
        },
      ]);
    return { text, value: copy === null ? codec.decode(text) : copy.value };
  }

  private invalid(violations: readonly Violation[]): InvalidStateError {
    return new InvalidStateError(this.instanceId, violations);
  }
}

/** The state that is stored, for whoever only reads it. Rejects with `InvalidStateError`. */
export async function readState(
  services: StateServices,
  instanceId: string,
  source: StateSource | null,
  stored: string | null,
): Promise<unknown> {
  const state = new InstanceState(services, instanceId, source, stored);
  await state.open();
  return state.current;
}
