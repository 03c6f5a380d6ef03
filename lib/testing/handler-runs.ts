import { ExecutionHandle } from '../app/executions/execution-handle.js';
import { anObject, optionMistakes, refuse, text } from '../app/options/option-checks.js';
import type { OutcomeError } from '../app/executions/outcome-error.js';
import type { StepView } from '../app/executions/step-views.js';
import type { WorkerAppParts } from '../app/parts/worker-app-parts.js';
import { eventMetadataOf } from '../metadata/metadata-store.js';
import type { HandlerDefinition, WorkerClass } from '../model/definition.js';
import { ConfigurationError } from '../model/errors-boot.js';
import { InvalidEventError } from '../model/errors-event.js';
import type { ExecutionStatus } from '../model/execution.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import { laneOf } from '../model/lane.js';
import { TICK_EVENT } from '../model/schedule.js';
import { writeOneOf } from '../model/near-names.js';
import type { Interceptor } from '../step/pass-services.js';
import { noWorker } from './overrides.js';

/** Of `app.run`: how much of the handler runs, and on what. Each may be left out. */
export interface RunOptions {
  /** Results of steps, by name or by path below the handler: their bodies are not called. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** The run stops before this step's body begins: the execution is parked there, and nothing is undone. */
  readonly until?: string;
}

/** How far a handler came. */
export interface RunResult<Value> {
  /**
   * `stopped`: it reached `until`, and is parked there: `handle.resume()` goes on. `waiting`: it sleeps or waits for a retry; `advance` goes
   * on. `running`: a body waits for virtual time.
   */
  readonly status: ExecutionStatus | 'stopped';
  /** What the handler returned; undefined unless it completed. */
  readonly value: Value | undefined;
  /** What it failed with; undefined unless it failed or was parked. */
  readonly error: OutcomeError | undefined;
  /** What was recorded, in the order in which it ended. */
  readonly steps: readonly StepView[];
  /** Names of `given` and `until` that the run has not come to, for example on a branch that it did not take. */
  readonly unused: readonly string[];
  readonly handle: ExecutionHandle<Value>;
}

interface Plan {
  readonly used: Set<string>;
  readonly given: ReadonlyMap<string, unknown>;
  readonly until: string | null;
  /** `stopping`: it is told to end; what it reaches meanwhile does not begin either. */
  stop: 'ahead' | 'stopping' | 'stopped';
}

/** Runs single handlers on data, with results that the test gives. */
export class HandlerRuns {
  private readonly plans = new Map<string, Plan>();

  constructor(private readonly parts: WorkerAppParts) {}

  /** What the engine must ask first while such runs are under way. */
  interceptors(): readonly Interceptor[] {
    return this.plans.size === 0 ? [] : [this.intercept];
  }

  async run<Value>(
    worker: WorkerClass,
    method: string,
    data: unknown,
    options: RunOptions,
    settle: () => Promise<void>,
  ): Promise<RunResult<Value>> {
    refuse(optionMistakes('run()', options, { given: anObject, until: text }));
    const { ids } = this.parts;
    const id = ids.next() as ExecutionId;
    const plan: Plan = {
      given: new Map(Object.entries(options.given ?? {})),
      until: options.until ?? null,
      used: new Set(),
      stop: 'ahead',
    };
    this.plans.set(id, plan);
    await this.accept(id, worker, method, data);
    await settle();
    const handle = new ExecutionHandle<Value>(this.parts, id, null, method);
    return this.report(handle, plan);
  }

  private async report<Value>(handle: ExecutionHandle<Value>, plan: Plan): Promise<RunResult<Value>> {
    const [status, steps] = await Promise.all([handle.status(), handle.steps()]);
    const named = [...plan.given.keys(), ...(plan.until === null ? [] : [plan.until])];
    const unused = named.filter((name) => !plan.used.has(name));
    const common = { steps, handle, unused, value: undefined, error: undefined };
    if (plan.stop !== 'ahead') return { ...common, status: 'stopped' };
    if (status !== 'completed' && status !== 'failed' && status !== 'parked') return { ...common, status };
    const outcome = await handle.outcome();
    this.refuseUnknownSteps(unused, outcome.success ? undefined : outcome.error);
    if (outcome.success) return { ...common, status, value: outcome.value };
    return { ...common, status, error: outcome.error };
  }

  /** What a run to the end has not met, and no class declares, is no step: inline steps are known when they are met. */
  private refuseUnknownSteps(unused: readonly string[], cause: unknown): void {
    const declared = this.parts.runtime.definitions
      .all()
      .flatMap(({ id, steps }) => [...steps.keys()].flatMap((name) => [name, `${id}.${name}`]));
    const unknown = unused.find((name) => !declared.includes(name.slice(name.lastIndexOf('/') + 1)));
    if (unknown === undefined) return;
    const plain = declared.filter((name) => !name.includes('.'));
    const found = `the run has not met '${unknown}', which is no step of this app's workers`;
    const write = writeOneOf(unknown.slice(unknown.lastIndexOf('/') + 1), plain);
    throw new ConfigurationError([{ option: 'run()', found, write }], { cause });
  }

  private async accept(id: ExecutionId, worker: WorkerClass, method: string, data: unknown): Promise<void> {
    const { runtime, ids, codec } = this.parts;
    const definition = runtime.definitions.ofClass(worker);
    if (definition === null) throw noWorker('run()', worker);
    const handler = definition.handlers.find((each) => each.method === method);
    if (handler === undefined) {
      const handlers = definition.handlers.map((each) => each.method);
      throw notRun(
        `${worker.name}.${method} is no handler of this app: run() takes a method with @OnEvent or @Every`,
        writeOneOf(method, handlers),
      );
    }
    if (handler.keyed?.kind === 'debounce')
      throw notRun(
        `${worker.name}.${method} collects events`,
        `Write app.debounce(${worker.name}, '${method}').add({ event }), then flush(id)`,
      );
    if (handler.keyed?.kind === 'recurring')
      throw notRun(
        `${worker.name}.${method} runs as a tick of a job`,
        `Write app.recurring(${worker.name}, '${method}').start({ id, input }), then trigger(id)`,
      );
    const name = eventNameOf(handler, data);
    const execution = {
      id,
      definition: { id: handler.id, fingerprint: definition.graph.fingerprint },
      input: codec.encode(await this.checked(name, data)),
      schemaHash: null,
      lane: laneOf(null, handler.id),
      priority: 0,
      depth: 0,
      dueAt: null,
      owner: null,
      gate: null,
      listening: ['cancel'] as const,
    };
    const event = { id: ids.next() as EventId, name, session: null, dedup: null, executions: [execution] };
    await runtime.writer.write({ kind: 'publish', events: [event] });
    runtime.changed();
  }

  private async checked(name: string, data: unknown): Promise<unknown> {
    const answer = await this.parts.events.definitionOf(name)?.checker.check(data);
    if (answer === undefined) return data;
    if (!answer.ok) throw new InvalidEventError(name, answer.violations);
    return answer.data;
  }

  private stop(id: string, plan: Plan): void {
    const run = this.parts.runtime.consumer.current.find(({ pass }) => pass.record.id === id);
    const until = this.plans.get(id)?.until ?? '';
    const error = new Error(
      `run() stopped before '${until}', as \`until\` says. resume() goes on from there`,
    );
    run?.pass.end({ kind: 'parked', error });
    plan.stop = 'stopped';
  }

  private readonly intercept: Interceptor = async (call, next) => {
    const plan = this.plans.get(call.executionId);
    if (plan === undefined || !call.step.includes('/')) return next();
    const names = [
      call.step,
      call.step.slice(call.step.indexOf('/') + 1),
      call.step.slice(call.step.lastIndexOf('/') + 1),
    ];
    if (plan.until !== null && plan.stop !== 'stopped' && names.includes(plan.until)) {
      const isFirst = plan.stop === 'ahead';
      plan.stop = 'stopping';
      plan.used.add(plan.until);
      // The first step may be reached before the consumer has taken down that the pass runs.
      if (isFirst) queueMicrotask(() => this.stop(call.executionId, plan));
      return new Promise(() => {});
    }
    const given = names.find((name) => plan.given.has(name));
    if (given === undefined) return next();
    plan.used.add(given);
    return plan.given.get(given);
  };
}

function notRun(found: string, write: string): ConfigurationError {
  return new ConfigurationError([{ option: 'run()', found, write }]);
}

/** The event that the data is, of those that the handler takes; the first of them when it does not tell. */
function eventNameOf(handler: HandlerDefinition, data: unknown): string {
  const [first] = handler.routes;
  const takes = (name: unknown): name is string => handler.routes.some((route) => route.event === name);
  if (typeof data === 'object' && data !== null) {
    const ofClass = eventMetadataOf(data.constructor as WorkerClass)?.name;
    if (takes(ofClass)) return ofClass;
    const { type } = data as { readonly type?: unknown };
    if (typeof type === 'string' && (takes(type) || first?.event.startsWith('*') === true)) return type;
  }
  return first?.event ?? TICK_EVENT;
}
