import { isTerminal, type ExecutionStatus } from '../../model/execution.js';
import type { ExecutionId } from '../../model/ids.js';
import type { Parent } from '../../ports/store-write.js';

/** An execution, as far as it matters to its family. */
interface Member {
  readonly id: ExecutionId;
  readonly status: ExecutionStatus;
}

/** Executions that others wait for: who is told, and who is cancelled. */
export class FamilyModel {
  private readonly children = new Map<ExecutionId, Map<ExecutionId, string>>();
  private readonly parents = new Map<ExecutionId, ExecutionId>();

  /** `told`: a parent has a message; `cancelled`: so has a child that has not ended. */
  constructor(
    private readonly memberOf: (id: ExecutionId) => Member | undefined,
    private readonly does: {
      readonly told: (parent: ExecutionId) => void;
      readonly cancelled: (child: ExecutionId) => void;
    },
  ) {}

  born(id: ExecutionId, { executionId, holder }: Parent): void {
    if (this.memberOf(executionId) === undefined) return;
    this.parents.set(id, executionId);
    const siblings = this.children.get(executionId) ?? new Map<ExecutionId, string>();
    this.children.set(executionId, siblings.set(id, holder));
  }

  ended(id: ExecutionId): void {
    const parent = this.parents.get(id);
    if (parent !== undefined && this.isOpen(parent)) this.does.told(parent);
    for (const child of this.children.get(id)?.keys() ?? [])
      if (this.isOpen(child)) this.does.cancelled(child);
  }

  /** The execution waits for those no longer; null: for none. */
  withdrawn(id: ExecutionId, holder: string | null): void {
    const children = this.children.get(id);
    for (const [child, at] of children ?? []) {
      if (holder !== null && at !== holder && !at.startsWith(`${holder}/`)) continue;
      children?.delete(child);
      this.parents.delete(child);
      if (this.isOpen(child)) this.does.cancelled(child);
    }
  }

  private isOpen(id: ExecutionId): boolean {
    const member = this.memberOf(id);
    return member !== undefined && !isTerminal(member.status);
  }
}
