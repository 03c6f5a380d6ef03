import type { ClassOf, MethodName } from '../app/executions/publication.js';
import type { WorkerAppParts } from '../app/parts/worker-app-parts.js';
import type { HandlerDefinition, WorkerClass, WorkerDefinition } from '../model/definition.js';
import { ConfigurationError } from '../model/errors-boot.js';
import { writeOneOf } from '../model/near-names.js';
import { type StepCall, shared } from '../ports/current-execution.js';

/** What may stand in for a method: it takes the same arguments and gives the same value, now or later. */
export type Replacement<Instance, Method extends keyof Instance> = Instance[Method] extends (
  ...args: infer Args
) => infer Result
  ? (this: Instance, ...args: Args) => Awaited<Result> | Promise<Awaited<Result>>
  : never;

type Body = (this: object, ...args: never[]) => unknown;

/** The handler's own method, or one that belongs to its turns. */
function isOf({ method: own, keyed }: HandlerDefinition, method: string): boolean {
  return own === method || (keyed?.kind === 'actor' && (keyed.idle === method || keyed.error === method));
}

interface Override {
  readonly worker: WorkerClass;
  readonly method: string;
  readonly body: Body;
}

/** Bodies that stand in for those of workers, in every life of the app. The last of one method holds. */
export class Overrides {
  private readonly all: Override[] = [];
  private readonly replaced = new Map<object, Set<string>>();

  constructor(private readonly parts: WorkerAppParts) {}

  /** Returns the removal. Throws `ConfigurationError` for a method that is neither step nor handler. */
  add<Instance extends object, Method extends MethodName<Instance>>(
    worker: ClassOf<Instance>,
    method: Method,
    body: Replacement<Instance, Method>,
  ): () => void {
    const override: Override = { worker: worker as WorkerClass, method, body: body as unknown as Body };
    this.definitionOf(override);
    this.all.push(override);
    this.apply();
    return () => {
      const at = this.all.indexOf(override);
      if (at >= 0) this.all.splice(at, 1);
      this.apply();
    };
  }

  /** Puts them on the instances of the present life. */
  apply(): void {
    for (const [instance, methods] of this.replaced)
      for (const method of methods) Reflect.deleteProperty(instance, method);
    this.replaced.clear();
    for (const override of this.all) this.install(override);
  }

  private install(override: Override): void {
    const definition = this.definitionOf(override);
    const instance: object = this.parts.get(override.worker);
    const methods = this.replaced.get(instance) ?? new Set();
    this.replaced.set(instance, methods.add(override.method));
    const value = definition.steps.has(override.method) ? this.durable(override) : override.body;
    Object.defineProperty(instance, override.method, { value, configurable: true, writable: true });
  }

  private definitionOf({ worker, method }: Override): WorkerDefinition {
    const definition = this.parts.runtime.definitions.ofClass(worker);
    if (definition === null) throw noWorker('override()', worker);
    if (definition.steps.has(method) || definition.handlers.some((each) => isOf(each, method)))
      return definition;
    const methods = [...definition.steps.keys(), ...definition.handlers.map((each) => each.method)];
    throw new ConfigurationError([
      {
        option: 'override()',
        found: `${worker.name}.${method} is neither a step nor a handler of this app`,
        write: writeOneOf(method, methods),
      },
    ]);
  }

  /** As `@Step` makes of a body; each attempt asks anew which body holds. */
  private durable({ worker, method }: Override): Body {
    const holds = (): Override | undefined =>
      this.all.findLast((each) => each.worker === worker && each.method === method);
    return function (this: object, ...args: never[]): unknown {
      const own = bodyBehind(this, method);
      const call = (given: never[]): unknown => (holds()?.body ?? own).apply(this, given);
      const current = shared().storage.getStore();
      return current === undefined
        ? call(args)
        : current.step({ receiver: this, name: method, args, body: (...given) => call(given) });
    };
  }
}

/** The body that the class gives its step: what the decorated method hands to the execution that it is called in. */
function bodyBehind(instance: object, method: string): Body {
  const decorated = Reflect.get(Object.getPrototypeOf(instance) as object, method) as Body;
  let found: Body = decorated;
  const listener = {
    context: null,
    app: instance,
    step: async ({ body }: StepCall) => {
      found = body;
    },
    inline: async () => {},
    sleep: async () => {},
    waitFor: async () => {},
    race: async () => {},
    run: async () => {},
    continueAsNew: () => new Promise<never>(() => {}),
    publish: async () => {},
    state: async () => {},
  };
  shared().storage.run(listener, () => decorated.call(instance));
  return found;
}

export function noWorker(call: string, { name }: WorkerClass): ConfigurationError {
  return new ConfigurationError([
    {
      option: call,
      found: `${name} is no worker of this app`,
      write: `Write it among workers; to replace what workers are given, write { provide: ${name}, useValue } among providers`,
    },
  ]);
}
