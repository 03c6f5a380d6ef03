import type { InstanceChange, NewEvent } from '../../ports/store-write.js';
import type { StoredInstance } from '../../ports/stored-instance.js';
import type { Entry } from './entry.js';
import type { Executions } from './executions.js';

/** Instances by id. What one has ahead is an execution like any other, until it is first claimed. */
export class InstanceTable {
  private readonly byId = new Map<string, StoredInstance>();

  constructor(private readonly executions: Executions) {}

  find(id: string): StoredInstance | null {
    const stored = this.byId.get(id);
    if (stored === undefined) return null;
    return this.aheadOf(id) === undefined ? { ...stored, ahead: null } : { ...stored };
  }

  *all(): Generator<StoredInstance> {
    for (const id of this.byId.keys()) yield this.find(id) as StoredInstance;
  }

  put(instance: StoredInstance): void {
    this.byId.set(instance.id, instance);
  }

  /** Null: there is no such instance. */
  versionOf(id: string): string | null {
    return this.byId.get(id)?.version ?? null;
  }

  /** Forgets what the accepted change replaces. */
  drop({ id, state, ahead }: InstanceChange, now: number): void {
    if (ahead === undefined && state !== null) return;
    const entry = this.aheadOf(id);
    if (entry !== undefined) this.executions.remove(entry, now);
  }

  /** Writes an accepted change, after what it replaces was dropped; `create` creates the execution of an event. */
  write(change: InstanceChange, create: (event: NewEvent) => void, now: number): void {
    const { id, version, state } = change;
    if (state === null) {
      this.byId.delete(id);
      return;
    }
    const kept = change.ahead === undefined ? (this.byId.get(id)?.ahead ?? null) : null;
    const execution = change.ahead?.executions[0];
    if (change.ahead && execution !== undefined) create(change.ahead);
    const ahead =
      execution === undefined
        ? kept
        : { executionId: execution.id, definition: execution.definition.id, dueAt: execution.dueAt ?? now };
    this.put({ id, version, state, ahead });
  }

  private aheadOf(id: string): Entry | undefined {
    const ahead = this.byId.get(id)?.ahead ?? null;
    const entry = ahead === null ? undefined : this.executions.all.find(ahead.executionId);
    return entry?.fence === 0 ? entry : undefined;
  }
}
