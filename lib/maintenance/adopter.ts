import type { DefinitionRef } from '../model/execution.js';
import type { Store } from '../ports/store.js';
import type { Definitions } from '../engine/definitions.js';
import { GraphSurvey, type GraphSurveyParts } from './graph-survey.js';

/**
 * Executions keep the fingerprint of the graph that they began with. Those whose graph no live process runs any more are
 * adopted by a process that has their handler: recorded steps still answer, and what does not fit its graph is parked.
 * A process that only publishes runs none, whatever it declares.
 */
export class Adopter {
  private orphans: readonly DefinitionRef[] = [];

  private readonly store: Store;
  private readonly definitions: Definitions;
  private readonly survey: GraphSurvey;

  constructor(parts: GraphSurveyParts & { readonly store: Store }) {
    this.store = parts.store;
    this.definitions = parts.definitions;
    this.survey = new GraphSurvey(parts);
  }

  /** What `claim` may take: our own definitions, and orphaned forms of them. */
  runnable(): readonly DefinitionRef[] {
    return this.orphans.length === 0
      ? this.definitions.runnable()
      : [...this.definitions.runnable(), ...this.orphans];
  }

  async refresh(): Promise<void> {
    const own = new Map(this.definitions.runnable().map((ref) => [ref.id, ref.fingerprint]));
    const stored = await this.store.definitions();
    const foreign = stored.filter((ref) => own.has(ref.id) && own.get(ref.id) !== ref.fingerprint);
    if (foreign.length === 0) {
      this.orphans = [];
      return;
    }
    const alive = new Set(
      (await this.store.processes())
        .filter(({ role }) => role !== 'publisher')
        .flatMap(({ definitions }) => definitions.map(keyOf)),
    );
    this.orphans = foreign.filter((ref) => !alive.has(keyOf(ref)));
    // Takes its time: a process does not wait for it to begin.
    void this.survey.look(this.orphans);
  }
}

function keyOf({ id, fingerprint }: DefinitionRef): string {
  return JSON.stringify([id, fingerprint]);
}
