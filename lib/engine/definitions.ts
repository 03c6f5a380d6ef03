import { ALARM_EVENT } from '../model/actor-record.js';
import {
  type HandlerDefinition,
  partsOfDefinition,
  type StepDefinition,
  type WorkerClass,
  type WorkerDefinition,
} from '../model/definition.js';
import { decodeName } from '../model/path.js';
import type { Checkpoint } from '../model/checkpoint.js';
import type { DefinitionRef, ExecutionRecord } from '../model/execution.js';
import type { StepFinder } from '../step/pass-services.js';

/** A handler with the worker that it is of. */
export interface KnownHandler {
  readonly worker: WorkerDefinition;
  readonly handler: HandlerDefinition;
  /** It stands in for a method that the class has no more: its executions are parked or cancelled, and nothing is run. */
  readonly isGone?: boolean;
  /** It takes the execution of another method, which has recorded nothing: no graphs are compared. */
  readonly isHeir?: boolean;
}

/** What this app can run. */
export class Definitions implements StepFinder {
  private readonly workers = new Map<string, WorkerDefinition>();
  private readonly handlers = new Map<string, KnownHandler>();
  private readonly types = new Map<WorkerClass, WorkerDefinition>();
  private byClass = new WeakMap<object, WorkerDefinition | null>();
  /** Whether any step of any worker is undone by another. */
  hasCompensations = false;
  private refs: readonly DefinitionRef[] = [];
  /** By worker; empty when no step of any worker was renamed. */
  private readonly renamed = new Map<string, ReadonlyMap<string, string>>();

  add(worker: WorkerDefinition): void {
    this.workers.set(worker.id, worker);
    for (const handler of worker.handlers) this.handlers.set(handler.id, { worker, handler });
    this.changed();
  }

  remove(worker: WorkerDefinition): void {
    this.workers.delete(worker.id);
    for (const handler of worker.handlers) this.handlers.delete(handler.id);
    this.changed();
  }

  /** In order of their ids. */
  all(): readonly WorkerDefinition[] {
    return [...this.workers.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  worker(id: string): WorkerDefinition | null {
    return this.workers.get(id) ?? null;
  }

  handler(definitionId: string): KnownHandler | null {
    return this.handlers.get(definitionId) ?? null;
  }

  /**
   * Who takes executions of that definition: its handler, or a stand-in for a method that an actor has no more. A message
   * that nobody can handle would hold up its actor for ever.
   */
  taker(definitionId: string): KnownHandler | null {
    const known = this.handler(definitionId);
    if (known !== null) return known;
    const { worker: id, method } = partsOfDefinition(definitionId);
    const worker = this.workers.get(id);
    const like = worker?.handlers.find(({ keyed }) => keyed?.kind === 'actor');
    if (worker === undefined || like === undefined) return null;
    const policies = { timeoutMs: null, concurrency: null, rateLimit: null };
    const handler = { ...like, ...policies, id: definitionId, method, routes: [], declared: [] };
    return { worker, handler, isGone: true };
  }

  /**
   * Who takes that execution. An alarm that was armed while another method had `@OnAlarm` is taken by the one that has it by
   * now, as long as nothing is recorded: a class has one, and its actor counts on it.
   */
  takerOf(
    { definition, eventName }: Pick<ExecutionRecord, 'definition' | 'eventName'>,
    journal: readonly Checkpoint[],
  ): KnownHandler | null {
    const taker = this.taker(definition.id);
    const keyed = taker?.handler.keyed;
    if (taker === null || keyed?.kind !== 'actor' || keyed.alarm === definition.id) return taker;
    if (eventName !== ALARM_EVENT || journal.length > 0) return taker;
    const heir = keyed.alarm === null ? null : this.handler(keyed.alarm);
    return heir === null ? taker : { ...heir, isHeir: true };
  }

  /** What `claim` may take. */
  runnable(): readonly DefinitionRef[] {
    return this.refs;
  }

  ofClass(type: WorkerClass): WorkerDefinition | null {
    return this.types.get(type) ?? null;
  }

  stepOf(receiver: object, name: string): StepDefinition | null {
    return this.ofReceiver(receiver)?.steps.get(name) ?? null;
  }

  /** New names of steps by those that executions of that worker recorded them under; null: none was renamed. */
  renames(worker: string): ReadonlyMap<string, string> | null {
    return this.renamed.get(worker) ?? null;
  }

  compensates(worker: string, encodedName: string): boolean {
    return this.hasCompensations && this.compensationOf(worker, encodedName) !== null;
  }

  /** What undoes the step with that encoded name, called in an execution of that worker, and whose it is. */
  compensationOf(
    worker: string,
    encodedName: string,
  ): { readonly worker: WorkerDefinition; readonly step: StepDefinition } | null {
    // A step of another worker is recorded as `worker.step`, and undone by its own class.
    const name = decodeName(encodedName);
    const dot = name.lastIndexOf('.');
    const owner = this.workers.get(dot < 0 ? worker : name.slice(0, dot));
    const undo = owner?.steps.get(owner.compensations.get(name.slice(dot + 1)) ?? '');
    return owner === undefined || undo === undefined ? null : { worker: owner, step: undo };
  }

  /** The worker whose instance that is; a subclass made by a test or a proxy counts as its worker. */
  ofReceiver(receiver: object): WorkerDefinition | null {
    const { constructor } = receiver;
    const known = this.byClass.get(constructor);
    if (known !== undefined) return known;
    let found: WorkerDefinition | null = null;
    for (
      let type: unknown = constructor;
      typeof type === 'function' && found === null;
      type = Object.getPrototypeOf(type)
    )
      found = this.ofClass(type as unknown as WorkerClass);
    this.byClass.set(constructor, found);
    return found;
  }

  private changed(): void {
    this.byClass = new WeakMap();
    this.types.clear();
    for (const worker of this.workers.values())
      if (!this.types.has(worker.type)) this.types.set(worker.type, worker);
    this.collectRenames();
    this.hasCompensations = [...this.workers.values()].some(({ compensations }) => compensations.size > 0);
    this.refs = [...this.handlers.values()].map(({ worker, handler }) => ({
      id: handler.id,
      fingerprint: worker.graph.fingerprint,
    }));
  }

  private collectRenames(): void {
    this.renamed.clear();
    const workers = [...this.workers.values()];
    if (workers.every(({ renames }) => renames.size === 0)) return;
    // Steps of other workers are recorded as `worker.step`.
    const foreign = workers.flatMap(({ id, renames }) =>
      Array.from(renames, ([old, now]) => [`${id}.${old}`, `${id}.${now}`] as const),
    );
    for (const { id, renames } of workers) this.renamed.set(id, new Map([...foreign, ...renames]));
  }
}
