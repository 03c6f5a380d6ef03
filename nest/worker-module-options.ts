import type { CanActivate, DynamicModule, Type } from '@nestjs/common';
import {
  type BootstrapOptions,
  checkBootstrapOptions,
  ConfigurationError,
  type ConfigurationMistake,
  type MountOptions,
} from '../lib/entries/index.js';

/** What `forRootAsync` makes of configuration: the options of `bootstrap`, and what Nest adds to them. */
export interface WorkerModuleSettings
  extends Omit<BootstrapOptions, 'container' | 'resolver' | 'workers' | 'providers'> {
  /**
   * Whether the workers start when the application has come up; `false` leaves `start()` of the injected `WorkerApp` to you.
   * Default true.
   */
  readonly autoStart?: boolean;
  /**
   * Run the enhancers of the whole application (`APP_GUARD`, `app.useGlobalGuards()` and their kind) around handlers and
   * steps, too. Default false: they expect requests. They can tell by `context.getType() === 'holdfast'`.
   */
  readonly globalEnhancers?: boolean;
  /** Of the controller: what `app.mount` takes, where it depends on configuration, such as `signing`. */
  readonly mount?: Omit<MountOptions, 'path' | 'guard'>;
}

/** What a module has to know before anything is injected: beside `useFactory`, never made by it. */
export interface WorkerModuleExtras {
  /** Names one of several apps of an application; see `getWorkerAppToken`. Default: the app without a name. */
  readonly name?: string;
  /** Whether every module can inject the app without importing it. Default true. */
  readonly isGlobal?: boolean;
  /** Workers that are provided here. They run in this app, also where there are others. */
  readonly workers?: BootstrapOptions['workers'];
  /** Providers that are provided here; the framework's own tokens among them replace its parts. */
  readonly providers?: BootstrapOptions['providers'];
  /** A controller that takes events and hints over HTTP. Default: none. */
  readonly mount?: MountSettings;
}

/** The controller of an app. Nest must have been told to keep raw bodies: `NestFactory.create(AppModule, { rawBody: true })`. */
export interface MountSettings extends Omit<MountOptions, 'guard'> {
  /** Guards of Nest that say who may send events; `signing` says who may send hints. Default: none, and events are signed. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Put on the controller: what tells a guard of the whole application that hints come without a token. Default: none. */
  readonly decorators?: readonly ClassDecorator[];
}

/** The options of `forRoot`. */
export interface WorkerModuleOptions extends Omit<WorkerModuleSettings, 'mount'>, WorkerModuleExtras {
  /** Modules whose exports the `workers` and `providers` given here inject. Default: none. */
  readonly imports?: DynamicModule['imports'];
}

/** Makes the options, as a provider that `forRootAsync({ useClass })` or `{ useExisting }` names. */
export interface WorkerOptionsFactory {
  createWorkerOptions(): WorkerModuleSettings | Promise<WorkerModuleSettings>;
}

/** Options of the module that `bootstrap` does not have. */
const OWN = { autoStart: true, globalEnhancers: true, mount: true } satisfies Record<
  Exclude<keyof WorkerModuleSettings, keyof BootstrapOptions>,
  true
>;

const EXTRAS: readonly string[] = ['workers', 'providers', 'imports', 'name', 'isGlobal'];
const OF_CONTAINER: readonly string[] = ['container', 'resolver'];
const HOST = { own: [...Object.keys(OWN), ...EXTRAS], without: OF_CONTAINER };

/** Throws one `ConfigurationError` for all that `bootstrap` would refuse, and for what is no option here. */
export function refuseImpossible(settings: WorkerModuleSettings): void {
  if (settings === null || typeof settings !== 'object')
    throw new ConfigurationError([
      {
        option: 'WorkerModule.forRootAsync()',
        found: `the factory gave ${settings === null ? 'null' : typeof settings}`,
        write: 'Return an object of options, {} for none',
      },
    ]);
  const given = Object.entries(settings);
  const others = given.filter(([name]) => !OF_CONTAINER.includes(name));
  const mistakes = [
    ...given.flatMap(([name, value]) => ownMistakes(name, value)),
    ...checkBootstrapOptions(Object.fromEntries(others), HOST),
  ];
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

/** What Nest has kept for itself, and options that only the module has. */
function ownMistakes(name: string, value: unknown): readonly ConfigurationMistake[] {
  if (OF_CONTAINER.includes(name))
    return [
      {
        option: name,
        found: "Nest's container gives the workers",
        write: 'Remove it, and name modules whose exports the workers inject in imports',
      },
    ];
  if (EXTRAS.includes(name))
    return [
      {
        option: name,
        found: 'the factory gave it, which runs when the modules are made already',
        write: `Write ${name} beside useFactory: forRootAsync({ ${name}, useFactory })`,
      },
    ];
  const isFlag = name === 'autoStart' || name === 'globalEnhancers';
  if (!isFlag || value === undefined || typeof value === 'boolean') return [];
  return [{ option: name, found: `it is of type ${typeof value}`, write: 'Write true or false' }];
}
