import { partsOfDefinition } from '../model/definition.js';
import type { DefinitionRef } from '../model/execution.js';
import type { Clock } from '../ports/clock.js';
import type { Store } from '../ports/store.js';
import type { Definitions } from '../engine/definitions.js';
import { GraphSurvey, type GraphSurveyParts } from './graph-survey.js';
import { StrandedSurvey } from './stranded-survey.js';

/** How long a process waits for the next one of a newer deploy before it takes over what that has left. */
const NEWER_RETURNS_MS = 10 * 60_000;
/** The same after our own form was deployed again: the newer one was rolled back, or is just starting again. */
const ROLLED_BACK_MS = 60_000;

/**
 * Executions have the fingerprint of the graph that they run on. Those whose graph no live process runs any more are
 * adopted by a process that has their handler: recorded steps still answer, and what does not fit its graph is parked. So
 * are messages to a method that their actor has no more.
 * What a newer deploy left is not taken at once: its processes may only be starting again. A process that only publishes
 * runs none, whatever it declares.
 */
export class Adopter {
  private orphans: readonly DefinitionRef[] = [];
  /** Since when nobody is seen who runs them, by the monotonic clock. */
  private orphanedAt = new Map<string, number>();
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly definitions: Definitions;
  private readonly survey: GraphSurvey;
  private readonly stranded: StrandedSurvey;

  constructor(parts: GraphSurveyParts & { readonly store: Store }) {
    this.store = parts.store;
    this.clock = parts.clock;
    this.definitions = parts.definitions;
    this.survey = new GraphSurvey(parts);
    this.stranded = new StrandedSurvey(parts);
  }

  /** What `claim` may take: our own definitions, and orphaned forms of them. */
  runnable(): readonly DefinitionRef[] {
    return this.orphans.length === 0
      ? this.definitions.runnable()
      : [...this.definitions.runnable(), ...this.orphans];
  }

  /** `told`: what `Store.definitions` would answer; null: it is asked. */
  async refresh(told: readonly DefinitionRef[] | null = null): Promise<void> {
    const own = new Map(this.definitions.runnable().map((ref) => [ref.id, ref.fingerprint]));
    const stored = told ?? (await this.store.definitions());
    const foreign = stored.filter((ref) => own.get(ref.id) !== ref.fingerprint);
    const others = foreign.length === 0 ? [] : await this.declaredByOthers();
    // Both take their time: a process does not wait for them to begin.
    void this.stranded.look(foreign, new Set([...own.keys(), ...others.map(({ id }) => id)]));
    const alive = new Set(others.map(keyOf));
    const declared = new Set(others.map(({ id }) => id));
    const orphaned = foreign.filter((ref) =>
      own.has(ref.id)
        ? !alive.has(keyOf(ref))
        : !declared.has(ref.id) && this.definitions.taker(ref.id) !== null,
    );
    this.note(orphaned);
    this.orphans = await this.ripe(orphaned, own);
    void this.survey.look(this.orphans);
  }

  /** What live processes run. */
  private async declaredByOthers(): Promise<readonly DefinitionRef[]> {
    const processes = await this.store.processes();
    return processes.filter(({ role }) => role !== 'publisher').flatMap(({ definitions }) => definitions);
  }

  private note(orphaned: readonly DefinitionRef[]): void {
    const now = this.clock.monotonic();
    const keys = orphaned.map(keyOf);
    this.orphanedAt = new Map(keys.map((key) => [key, this.orphanedAt.get(key) ?? now]));
  }

  /** Those that have waited long enough. */
  private async ripe(
    orphaned: readonly DefinitionRef[],
    own: ReadonlyMap<string, string>,
  ): Promise<readonly DefinitionRef[]> {
    const ripe: DefinitionRef[] = [];
    const now = this.clock.monotonic();
    for (const ref of orphaned) {
      const waited = now - (this.orphanedAt.get(keyOf(ref)) ?? now);
      const fingerprint = own.get(ref.id);
      // What has no handler here is only parked: its own has the longest time to come back.
      const patience = fingerprint === undefined ? NEWER_RETURNS_MS : await this.patience(ref, fingerprint);
      if (waited >= Math.min(patience, NEWER_RETURNS_MS)) ripe.push(ref);
    }
    return ripe;
  }

  /** How long to wait for those who run that form. */
  private async patience({ id, fingerprint }: DefinitionRef, own: string): Promise<number> {
    const graphs = await this.store.graphs(partsOfDefinition(id).worker);
    const theirs = graphs.find((graph) => graph.fingerprint === fingerprint);
    const ours = graphs.find((graph) => graph.fingerprint === own);
    if (theirs === undefined || ours === undefined) return 0;
    if (theirs.firstDeclaredAt <= ours.firstDeclaredAt) return 0;
    return theirs.declaredAt > ours.declaredAt ? NEWER_RETURNS_MS : ROLLED_BACK_MS;
  }
}

function keyOf({ id, fingerprint }: DefinitionRef): string {
  return JSON.stringify([id, fingerprint]);
}
