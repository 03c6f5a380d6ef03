import { partsOfDefinition } from '../model/definition.js';
import type { DefinitionRef } from '../model/execution.js';
import { MOST_NAMED } from '../model/graph-comparison.js';
import { strandedMessage } from '../model/misfit-message.js';
import { executionsOf } from '../ports/executions-of.js';
import { tellFault } from '../ports/tell-fault.js';
import type { GraphSurveyParts } from './graph-survey.js';

/** A handler that is gone, or null where its worker is. */
interface Gone {
  readonly worker: string;
  readonly handler: string | null;
}

/**
 * Tells of executions that no live process can take, since their handler or worker has another name now or was removed: once,
 * and again when it was there meanwhile. A process without workers tells nothing: it only publishes.
 */
export class StrandedSurvey {
  private readonly seen = new Set<string>();

  constructor(private readonly parts: Omit<GraphSurveyParts, 'deployGate' | 'writer'>) {}

  /** `stored`: what has open executions. `declared`: ids of the definitions of live processes, ours among them. */
  async look(stored: readonly DefinitionRef[], declared: ReadonlySet<string>): Promise<void> {
    const all = goneOf(
      stored,
      declared,
      this.parts.definitions.all().map(({ id }) => id),
    );
    for (const key of this.seen) if (!all.has(key)) this.seen.delete(key);
    for (const [key, gone] of all) {
      if (this.seen.has(key) || !this.parts.isStarted()) continue;
      this.seen.add(key);
      try {
        await this.tell(gone);
      } catch (error) {
        // The next sweep tries again.
        this.seen.delete(key);
        if (this.parts.isStarted()) tellFault(this.parts, 'find stranded executions', error);
      }
    }
  }

  private async tell({ worker, handler }: Gone): Promise<void> {
    const { store, observer, clock, definitions } = this.parts;
    const executions: string[] = [];
    let count = 0;
    for (const status of ['pending', 'running', 'waiting'] as const)
      for await (const record of executionsOf(store, { worker, status })) {
        if (handler !== null && partsOfDefinition(record.definition.id).method !== handler) continue;
        // Its alarms go on with the method that took its place.
        if (definitions.takerOf(record, [])?.isHeir === true) continue;
        count++;
        if (executions.length < MOST_NAMED) executions.push(record.id);
      }
    if (count === 0) return;
    const message = strandedMessage(worker, handler, { ids: executions, count });
    observer.emit({ name: 'app.misfit', worker, message, executions, count, at: clock.now() });
  }
}

/** Handlers that are gone of workers of ours, and workers that nobody has. */
function goneOf(
  stored: readonly DefinitionRef[],
  declared: ReadonlySet<string>,
  own: readonly string[],
): ReadonlyMap<string, Gone> {
  const gone = new Map<string, Gone>();
  if (own.length === 0) return gone;
  const workers = new Set([...own, ...Array.from(declared, (id) => partsOfDefinition(id).worker)]);
  for (const { id } of stored) {
    const { worker, method } = partsOfDefinition(id);
    if (declared.has(id)) continue;
    if (own.includes(worker)) gone.set(id, { worker, handler: method });
    else if (!workers.has(worker)) gone.set(worker, { worker, handler: null });
  }
  return gone;
}
