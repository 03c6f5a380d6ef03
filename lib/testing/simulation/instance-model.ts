import type { ExecutionId } from '../../model/ids.js';
import type { StoredInstance } from '../../ports/stored-instance.js';
import type { InstanceChange, NewEvent, Verdict } from '../../ports/store-write.js';

interface Instance {
  readonly version: string;
  readonly state: string;
  readonly ahead: ExecutionId | null;
}

export interface InstanceModelOptions {
  /** Whether the execution was never claimed. */
  readonly isUnbegun: (id: ExecutionId) => boolean;
  /** An execution came to be ahead of its instance. */
  readonly created: (event: NewEvent) => void;
  /** What was ahead is gone. */
  readonly dropped: (id: ExecutionId) => void;
  readonly violated: (rule: string, what: string) => void;
}

/** What must hold of instances: each change is of the version that its writer has read, so that none is lost (I23). */
export class InstanceModel {
  private readonly instances = new Map<string, Instance>();

  constructor(private readonly options: InstanceModelOptions) {}

  /** A commit with a change of an instance had that verdict. */
  committed(change: InstanceChange, verdict: Verdict): void {
    const stored = this.instances.get(change.id)?.version ?? null;
    const isRefused = verdict.verdict === 'rejected' && verdict.reason === 'instance-changed';
    if (verdict.verdict === 'ok' ? stored !== change.expected : isRefused && stored === change.expected)
      this.differs(change, verdict);
    if (verdict.verdict === 'ok') this.apply(change);
  }

  /** Answers whether the write was applied. */
  written(change: InstanceChange, verdict: Verdict): boolean {
    const stored = this.instances.get(change.id)?.version ?? null;
    const isGone = stored === null && change.state === null;
    const answer =
      stored === change.version ? 'already' : isGone || stored === change.expected ? 'ok' : 'rejected';
    if (verdict.verdict !== answer) this.differs(change, verdict);
    if (verdict.verdict !== 'ok') return false;
    this.apply(change);
    return true;
  }

  /** The store answered with that instance. */
  read(id: string, found: StoredInstance | null): void {
    const known = this.instances.get(id);
    const ahead = known?.ahead ?? null;
    const isAhead = ahead !== null && this.options.isUnbegun(ahead);
    const expected = JSON.stringify(
      known === undefined ? null : [known.version, known.state, isAhead ? ahead : null],
    );
    const actual = JSON.stringify(
      found === null ? null : [found.version, found.state, found.ahead?.executionId ?? null],
    );
    if (actual !== expected)
      this.options.violated('I23', `instance ${id} was read as ${actual}, and is ${expected}`);
  }

  private apply({ id, version, state, ahead }: InstanceChange): void {
    const before = this.instances.get(id)?.ahead ?? null;
    const isReplaced = ahead !== undefined || state === null;
    if (isReplaced && before !== null && this.options.isUnbegun(before)) this.options.dropped(before);
    if (state === null) {
      this.instances.delete(id);
      return;
    }
    if (ahead != null) this.options.created(ahead);
    const next = ahead === undefined ? before : (ahead?.executions[0]?.id ?? null);
    this.instances.set(id, { version, state, ahead: next });
  }

  private differs({ id, expected }: InstanceChange, { verdict }: Verdict): void {
    const stored = this.instances.get(id)?.version ?? null;
    this.options.violated(
      'I23',
      `a change of ${id} from version ${String(expected)} was ${verdict}: it has ${String(stored)}`,
    );
  }
}
