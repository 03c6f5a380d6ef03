import type { ClassMetadata, MethodMetadata } from '../metadata/class-metadata.js';
import { findOwnMetadata, lineage, metadataOf } from '../metadata/metadata-store.js';
import type {
  HandlerDefinition,
  StepDefinition,
  WorkerClass,
  WorkerDefinition,
} from '../model/definition.js';
import { defaultRetryPolicy } from '../model/retry-policy.js';
import { checkForeignListeners, checkMethods } from './check-methods.js';
import { checkWorkerOptions } from './check-worker-options.js';
import { compileRetry, compileTimeout, type PolicyPlace } from './compile-retry.js';
import { compileRoutes } from './compile-routes.js';
import { frozenMap } from './frozen-map.js';
import { graphOf } from './graph-of.js';
import { type ClassMistakes, MistakeLog } from './mistake-log.js';
import { show } from './show.js';
import { workerId } from './worker-id.js';

/**
 * Turns decorated classes into frozen definitions, in the order given; a class given twice is compiled once. Throws one
 * `DefinitionError` with every mistake of every class.
 */
export function compileWorkers(classes: readonly WorkerClass[]): readonly WorkerDefinition[] {
  const log = new MistakeLog();
  const definitions: WorkerDefinition[] = [];
  for (const type of new Set(classes)) {
    const definition = typeof type === 'function' ? compileWorker(type, log) : refuseNoClass(type, log);
    if (definition !== null) definitions.push(definition);
  }
  checkIds(definitions, log);
  log.throwIfAny();
  return Object.freeze(definitions);
}

function compileWorker(type: WorkerClass, log: MistakeLog): WorkerDefinition | null {
  const mistakes = log.of(type);
  const metadata = metadataOf(type);
  for (const mistake of metadata.mistakes) log.add(mistake);
  const foreign = checkForeignListeners(type, mistakes);
  checkMethods(type, metadata, mistakes);
  if (metadata.worker === null) refuseUndecorated(type, mistakes);
  else checkWorkerOptions(metadata.worker, mistakes);
  if (metadata.methods.size === 0 && !foreign && metadata.mistakes.length === 0) {
    mistakes.add(null, 'it has no handler and no step', 'Write @OnEvent(SomeEvent) on a method');
  }
  const id = metadata.worker === null ? null : workerId(type, metadata.worker ?? {}, mistakes);
  // Without an id the parts are compiled for their mistakes alone.
  const parts = compileParts({ type, id: id ?? '', metadata, mistakes });
  if (id === null) return null;
  return Object.freeze({
    id,
    description: metadata.worker?.description ?? null,
    logLevel: metadata.worker?.logLevel ?? null,
    type,
    ...parts,
  });
}

interface WorkerSource {
  readonly type: WorkerClass;
  readonly id: string;
  readonly metadata: ClassMetadata;
  readonly mistakes: ClassMistakes;
}

function compileParts(
  source: WorkerSource,
): Omit<WorkerDefinition, 'id' | 'description' | 'logLevel' | 'type'> {
  const { id, metadata } = source;
  const defaults = stepDefaults(source);
  const handlers: HandlerDefinition[] = [];
  const steps: [string, StepDefinition][] = [];
  for (const [name, method] of metadata.methods) {
    if (method.subscriptions.length > 0) {
      handlers.push(compileHandler(name, method, source));
    }
    if (method.step !== null) {
      steps.push([name, compileStep(name, method, defaults, source)]);
    }
    // Checked also where they stand on neither.
    if (method.subscriptions.length === 0 && method.step === null) policies(name, method, source);
  }
  const parts = {
    handlers: Object.freeze(handlers),
    steps: frozenMap(steps),
    compensations: frozenMap<string, string>([]),
    renames: frozenMap<string, string>([]),
  };
  return { ...parts, graph: graphOf({ id, ...parts }) };
}

type StepDefaults = Pick<StepDefinition, 'retry' | 'timeoutMs'>;

function stepDefaults(source: WorkerSource): StepDefaults {
  const { retry, timeoutMs } = policies(null, source.metadata, source);
  return { retry: retry ?? defaultRetryPolicy, timeoutMs };
}

function compileHandler(name: string, method: MethodMetadata, source: WorkerSource): HandlerDefinition {
  const { retry, timeoutMs } = policies(name, method, source);
  const described = method.subscriptions.find((subscription) => subscription.description !== null);
  return Object.freeze({
    id: `${source.id}.${name}`,
    worker: source.id,
    method: name,
    description: described?.description ?? null,
    routes: Object.freeze(compileRoutes(name, method.subscriptions, source.mistakes)),
    retry: retry ?? defaultRetryPolicy,
    timeoutMs,
    declared: Object.freeze([]),
    concurrency: null,
    rateLimit: null,
    priority: 0,
  });
}

function compileStep(
  name: string,
  method: MethodMetadata,
  defaults: StepDefaults,
  source: WorkerSource,
): StepDefinition {
  const { retry, timeoutMs } = policies(name, method, source);
  return Object.freeze({
    worker: source.id,
    name,
    description: method.step?.description ?? null,
    retry: retry ?? defaults.retry,
    timeoutMs: timeoutMs ?? defaults.timeoutMs,
    atMostOnce: method.step?.atMostOnce ?? false,
    key: method.step?.key ?? null,
    isDeclared: false,
    concurrency: null,
    rateLimit: null,
  });
}

function policies(
  member: string | null,
  written: Pick<MethodMetadata, 'retry' | 'timeout'>,
  source: WorkerSource,
) {
  const place: PolicyPlace = { type: source.type, member, mistakes: source.mistakes };
  return {
    retry: written.retry === null ? null : compileRetry(written.retry, place),
    timeoutMs: written.timeout === null ? null : compileTimeout(written.timeout, place),
  };
}

function checkIds(definitions: readonly WorkerDefinition[], log: MistakeLog): void {
  const owners = new Map<string, WorkerDefinition>();
  for (const definition of definitions) {
    const owner = owners.get(definition.id);
    if (owner === undefined) owners.set(definition.id, definition);
    else {
      log
        .of(definition.type)
        .add(
          null,
          `its id '${definition.id}' is also that of ${show(owner.type)}`,
          `Write another id: @Worker('${definition.id}-2')`,
        );
    }
  }
}

function refuseUndecorated(type: WorkerClass, mistakes: ClassMistakes): void {
  const base = lineage(type).find((ancestor) => findOwnMetadata(ancestor)?.worker != null);
  const found =
    base === undefined ? 'it has no @Worker' : `it extends ${show(base)} but has no @Worker of its own`;
  mistakes.add(null, found, `Write @Worker() on ${show(type)}`);
}

function refuseNoClass(type: unknown, log: MistakeLog): null {
  const instanceOf = typeof type === 'object' && type !== null ? type.constructor : Object;
  if (typeof instanceOf === 'function' && instanceOf !== Object && !Array.isArray(type)) {
    log.add({
      class: '(workers)',
      member: null,
      found: `an instance of ${show(instanceOf)} is no class`,
      write: `Write ${show(instanceOf)}, and give what it needs in providers`,
    });
    return null;
  }
  log.add({
    class: '(workers)',
    member: null,
    found: `${show(type)} is no class`,
    write: 'List classes; look for a circular import where it is undefined',
  });
  return null;
}
