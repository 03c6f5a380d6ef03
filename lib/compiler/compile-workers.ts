import type { ClassMetadata, MethodMetadata } from '../metadata/class-metadata.js';
import { findOwnMetadata, lineage, metadataOf } from '../metadata/metadata-store.js';
import type { DeclaredStep } from '../model/declared-step.js';
import type {
  HandlerDefinition,
  StepDefinition,
  WorkerClass,
  WorkerDefinition,
} from '../model/definition.js';
import type { CompiledWorker } from '../model/provided-limit.js';
import { checkLists } from './check-lists.js';
import { checkForeignListeners, checkMethods, isHandlerMethod } from './check-methods.js';
import { checkWorkerOptions } from './check-worker-options.js';
import { compileActor } from './compile-actor.js';
import { compileCompensations } from './compile-compensations.js';
import { compileDeclared } from './compile-declared.js';
import { MethodCompiler, type WorkerSource } from './compile-methods.js';
import { compileRenames } from './compile-renames.js';
import { frozenMap } from './frozen-map.js';
import { graphOf } from './graph-of.js';
import { type ClassMistakes, MistakeLog } from './mistake-log.js';
import { show } from './show.js';
import { wireGraphs } from './wire-graphs.js';
import { workerId } from './worker-id.js';

/**
 * Turns decorated classes into frozen definitions, in the order given; a class given twice is compiled once. Limits that
 * providers tell are still to be read. Throws one `DefinitionError` with every mistake of every class.
 */
export function compileWorkers(classes: readonly WorkerClass[]): readonly CompiledWorker[] {
  const log = new MistakeLog();
  const definitions: CompiledWorker[] = [];
  for (const type of new Set(classes)) {
    const definition = typeof type === 'function' ? compileWorker(type, log) : refuseNoClass(type, log);
    if (definition !== null) definitions.push(definition);
  }
  checkIds(definitions, log);
  log.throwIfAny();
  return Object.freeze(definitions);
}

function compileWorker(type: WorkerClass, log: MistakeLog): CompiledWorker | null {
  const mistakes = log.of(type);
  const metadata = metadataOf(type);
  for (const mistake of metadata.mistakes) log.add(mistake);
  const foreign = checkForeignListeners(type, mistakes);
  checkMethods(type, metadata, mistakes);
  if (metadata.worker === null) refuseUndecorated(type, mistakes);
  else checkWorkerOptions(metadata.worker, mistakes);
  if (metadata.methods.size === 0 && !foreign && metadata.mistakes.length === 0) {
    mistakes.add(
      null,
      'it has no handler and no step',
      "Write @OnEvent(SomeEvent) or @Every('5 minutes') on a method",
    );
  }
  const id =
    metadata.worker === null ? null : workerId(type, metadata.worker ?? {}, mistakes, idForm(metadata));
  const actor = compileActor(id ?? '', metadata, mistakes);
  // Without an id the parts are compiled for their mistakes alone.
  const parts = compileParts({ type, id: id ?? '', metadata, mistakes, actor });
  if (id === null) return null;
  return Object.freeze({
    id,
    description: metadata.worker?.description ?? null,
    logLevel: metadata.worker?.logLevel ?? null,
    type,
    ...parts,
  });
}

function compileParts(
  source: WorkerSource,
): Omit<CompiledWorker, 'id' | 'description' | 'logLevel' | 'type'> {
  const { id, metadata, mistakes } = source;
  const compiler = new MethodCompiler(source);
  const graphs = wire(source);
  const handlers: HandlerDefinition[] = [];
  const steps: [string, StepDefinition][] = [];
  for (const [name, method] of metadata.methods) {
    const isHandler = isHandlerMethod(method);
    const isStep = method.step !== null || method.compensates !== null;
    if (isHandler) handlers.push(compiler.handler(name, method, graphs.get(name) ?? NO_STEPS));
    if (isStep) steps.push([name, compiler.step(name, method)]);
    if (!isHandler && !isStep) compiler.policies(name, method);
  }
  const parts = {
    handlers: Object.freeze(handlers),
    steps: frozenMap(steps),
    compensations: frozenMap(compileCompensations(metadata.methods, mistakes)),
    renames: frozenMap(compileRenames(metadata.methods, mistakes)),
  };
  return { ...parts, graph: graphOf({ id, ...parts }), provided: Object.freeze(compiler.provided) };
}

function idForm({ actor }: ClassMetadata): string {
  return actor === null ? "@Worker('orders')" : "@Actor({ id: 'orders', state, key })";
}

const NO_STEPS: readonly DeclaredStep[] = Object.freeze([]);

/** The declared steps of each handler. */
function wire({ type, metadata, mistakes }: WorkerSource): ReadonlyMap<string, readonly DeclaredStep[]> {
  const { methods } = metadata;
  const named = (holds: (method: MethodMetadata) => boolean): ReadonlySet<string> =>
    new Set([...methods].filter(([, method]) => holds(method)).map(([name]) => name));
  const declared = [...methods]
    .map(([name, { step }]) => (step === null ? null : compileDeclared(name, step, mistakes)))
    .filter((step) => step !== null);
  checkLists(type, declared, mistakes);
  return wireGraphs(
    {
      handlers: named(isHandlerMethod),
      inline: named(({ step }) => step !== null && step.after === null),
      declared: named(({ step }) => step !== null && step.after !== null),
      compensations: named(({ compensates }) => compensates !== null),
    },
    declared,
    mistakes,
  );
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
  mistakes.add(null, found, `Write @Worker() on ${show(type)}, with its parentheses`);
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
