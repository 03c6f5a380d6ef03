import type { ExecutionId, ProcessId } from './ids.js';

/**
 * The right to advance one execution. The fence grows with every claim and decides safety; how long the lease lasts is
 * the process's own lease (renewed for all its executions at once) and decides only when another process may take over.
 */
export interface Lease {
  readonly executionId: ExecutionId;
  /** The store's own short name for the record, opaque to everyone else. */
  readonly key: number;
  readonly owner: ProcessId;
  readonly fence: number;
}
