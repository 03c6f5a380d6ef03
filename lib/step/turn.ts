import type { TerminalStatus } from '../model/execution.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { InstanceChange } from '../ports/store-write.js';
import type { StoredInstance } from '../ports/stored-instance.js';

/**
 * One turn of an instance, as its pass sees it. It is opened with the instance as the store has it, before user code of the
 * turn runs, and at the latest when the pass ends for good; a pass that goes on later opens it anew.
 */
export interface Turn {
  /** The instance's name in the store; users know it by its `instanceId`. */
  readonly instanceName: string;
  /** Reads the state, before the handler runs. Throws or rejects with what keeps it from running. False: it has nothing to do. */
  load(): boolean | Promise<boolean>;
  /** Goes on with what an earlier pass began instead of the handler; false: there is nothing of the kind. */
  resume(receiver: object): boolean;
  /** Calls the handler's method in that context, and what belongs to the turn after it. Gives the method's value. */
  run(receiver: object, event: unknown, context: ExecutionContext): unknown;
  /** What `run` threw: true when the turn deals with it, and ends the pass itself. */
  failed(receiver: object, error: unknown): boolean;
  /** What the end of the pass makes of the instance, in the same commit; null: it stays as it is. */
  changeFor(status: 'parked' | TerminalStatus): InstanceChange | null;
  /** The instance is this by now: whether the end of the turn holds on it as well. If not, the turn is run again. */
  accepts(found: StoredInstance | null): boolean;
  /** That end is stored. */
  stored(status: 'parked' | TerminalStatus): void;
}
