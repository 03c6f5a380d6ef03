import { derivedName } from '../../compiler/worker-id.js';
import { ConfigurationError } from '../../model/errors-boot.js';
import type { StateSource } from '../../model/state-source.js';
import { isStandardSchema } from '../../adapters/standard-schema/schema-event-checker.js';
import { optionMistakes, refuse, text } from '../options/option-checks.js';
import type { AppPublisher } from '../publishing/app-publisher.js';
import { SessionState } from './session-state.js';
import type { WorkerAppParts } from '../parts/worker-app-parts.js';

/** Of `state`. */
export interface StateOptions {
  /** Under which it is stored; by default made of the class's name, as a worker's id is. A schema needs one. */
  readonly name?: string;
}

/** The states of all sessions, as one app sees them. */
export class SessionStates {
  /** Updates of this process wait for each other: they would only meet in the store. */
  private readonly updates = new Map<string, Promise<unknown>>();

  constructor(
    private readonly parts: WorkerAppParts,
    private readonly publishing: AppPublisher,
  ) {}

  of<State>(session: string, source: StateSource<State>, options: StateOptions): SessionState<State> {
    refuse(optionMistakes('state()', options, { name: text }));
    const name = options.name ?? nameOf(source);
    const { parts } = this;
    return new SessionState<State>({
      instance: `session:${JSON.stringify([session, name])}`,
      instanceId: `session:${name}:${session}`,
      source,
      services: () => ({ states: parts.states, codec: parts.codec, settings: { limits: parts.limits() } }),
      assertOpen: (call) => parts.assertOpen(call),
      own: () => this.publishing.ownExecution(),
      read: (instance) => parts.store.instance(instance),
      write: (change) => parts.runtime.writer.write({ kind: 'instance', change, event: null, cancels: null }),
      version: () => parts.ids.next(),
      inTurn: (instance, task) => this.inTurn(instance, task),
    });
  }

  private inTurn<Result>(instance: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.updates.get(instance) ?? Promise.resolve();
    const run = before.then(task);
    const over = run
      .catch(() => {})
      .then(() => {
        if (this.updates.get(instance) === over) this.updates.delete(instance);
      });
    this.updates.set(instance, over);
    return run;
  }
}

function nameOf(source: unknown): string {
  const name = typeof source === 'function' && !isStandardSchema(source) ? derivedName(source.name) : null;
  if (name !== null) return name;
  const isClass = typeof source === 'function' && !isStandardSchema(source);
  throw new ConfigurationError([
    {
      option: 'state()',
      found: isClass
        ? `the name of class '${(source as { readonly name: string }).name}' may change with the next build`
        : isStandardSchema(source)
          ? 'a schema has no name'
          : 'found neither a class nor a Standard Schema',
      write: "Say what it is stored under: state(schema, { name: 'usage' })",
    },
  ]);
}
