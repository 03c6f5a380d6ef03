import type { PublishOptions } from '../../app/publishing/publish-options.js';
import type { Provider } from '../../app/injection/provider.js';
import type { WorkerApp } from '../../app/worker-app.js';
import {
  anArray,
  aFunction,
  anything,
  optionMistakes,
  refuse,
  wholeFrom,
} from '../../app/options/option-checks.js';
import { compileWorkers } from '../../compiler/compile-workers.js';
import { eventMetadataOf } from '../../metadata/metadata-store.js';
import type { WorkerClass } from '../../model/definition.js';
import { parseDuration } from '../../model/duration.js';
import { ConfigurationError } from '../../model/errors-boot.js';
import type { UnionMember } from '../../model/event-source.js';
import { shownOption } from '../../model/impossible-option.js';
import type { TestAppOptions } from '../test-app.js';

/** What `crashMatrix` takes beside worker and event: all that `TestApp.create` takes, but for store and clock. */
export interface CrashMatrixOptions
  extends Omit<TestAppOptions<UnionMember>, 'store' | 'clock' | 'now' | 'workers' | 'providers' | 'role'> {
  /**
   * What stands for the world outside: values, and what classes and factories make, outlive the crashes of a run, and
   * their methods are recorded. Bare classes are code of the app, built anew in each process. A function is called for
   * each run, so that fakes that keep state begin anew; with an array all runs share the values. Default: none; the
   * container builds what workers are injected with.
   */
  readonly providers?: readonly Provider[] | (() => readonly Provider[]);
  /** Workers beside the first: they take the events that its steps publish. Default: none. */
  readonly workers?: readonly WorkerClass[];
  /**
   * What the fakes hold in the end, compared with that of the clean run. Default: nothing.
   *
   * @example
   * effects: (app) => app.get(Payments).charges
   */
  readonly effects?: (app: WorkerApp) => unknown;
  /**
   * Calls that do no harm when they are made again: `'Payments.find'`, `'Audit'` (all methods), `'Catalog.fetch*'`.
   * Methods named get…, find…, list…, read…, has…, is…, exists… and count…, and those of a …Logger, are taken to be such.
   * Default: no others.
   */
  readonly repeatable?: readonly string[];
  /** Cells at most; 500 by default. Beyond it later turns of loops are left out first, and the report says how many. */
  readonly limit?: number;
}

/** An instance of an event class, a union member, `[Event, data]`, or the data alone where the worker takes one event only. */
export type CrashMatrixEvent = object | readonly [event: unknown, data: unknown, options?: PublishOptions];

/** What each run of one matrix does. */
export interface MatrixPlan {
  readonly workers: readonly WorkerClass[];
  readonly providers: () => readonly Provider[];
  readonly options: Omit<TestAppOptions, 'store' | 'clock' | 'now' | 'workers' | 'providers'>;
  readonly effects: ((app: WorkerApp) => unknown) | null;
  readonly repeatable: readonly string[];
  /** Effects that answered later, in any run. */
  readonly slow: Set<string>;
  /** Longer than another process needs to notice that a lease ran out. */
  readonly takeoverMs: number;
  readonly limit: number;
  readonly publish: (app: WorkerApp) => Promise<unknown>;
}

const MOST_CELLS = 500;
const LEASE = '15s';
const SWEEP = '5s';

/** Throws `ConfigurationError` for options that cannot be, and for an event that nobody can tell. */
export function planOf(worker: WorkerClass, event: CrashMatrixEvent, given: CrashMatrixOptions): MatrixPlan {
  const { providers = [], workers = [], effects, repeatable = [], limit, ...options } = given;
  const own = { providers, workers, effects, repeatable, limit };
  refuse([
    ...optionMistakes('crashMatrix()', own, {
      providers: typeof providers === 'function' ? anything : anArray,
      workers: anArray,
      effects: aFunction('(app) => …'),
      repeatable: anArray,
      limit: wholeFrom(1),
    }),
    ...mistakesOfState(given),
  ]);
  const all = [...new Set([worker, ...workers])];
  const args = publishArguments(worker, event, options.events !== undefined);
  return {
    workers: all,
    providers: typeof providers === 'function' ? providers : () => providers,
    options: options as MatrixPlan['options'],
    effects: effects ?? null,
    repeatable,
    slow: new Set(),
    takeoverMs:
      (parseDuration(options.lease ?? LEASE) ?? 0) + 2 * (parseDuration(options.sweep ?? SWEEP) ?? 0),
    limit: limit ?? MOST_CELLS,
    publish: (app) => app.publish(...(args as [object])),
  };
}

/** Each run needs a store and a clock of its own; fakes whose state is compared must be new, too. */
function mistakesOfState(given: object): ReturnType<typeof optionMistakes> {
  const { store, clock, now, effects, providers } = given as Readonly<Record<string, unknown>>;
  const isShared =
    Array.isArray(providers) &&
    providers.some((one) => typeof one === 'object' && one !== null && 'useValue' in one);
  return [
    ...Object.entries({ store, clock, now })
      .filter(([, value]) => value !== undefined)
      .map(([name]) => ({
        option: `crashMatrix(): ${name}`,
        found: 'each run has one of its own',
        write: `Leave ${name} out`,
      })),
    ...(effects !== undefined && isShared
      ? [
          {
            option: 'crashMatrix(): providers',
            found: 'all runs share the values of an array, so that effects would hold those of earlier runs',
            write: 'Write a function: providers: () => [{ provide: Payments, useValue: new FakePayments() }]',
          },
        ]
      : []),
  ];
}

function publishArguments(worker: WorkerClass, event: unknown, hasUnion: boolean): readonly unknown[] {
  if (Array.isArray(event)) return event as readonly unknown[];
  if (typeof event !== 'object' || event === null)
    throw noEvent(`${shownOption(event)} is no event`, 'Write new OrderPlaced(…) or [OrderPlaced, { … }]');
  const { type } = event as { readonly type?: unknown };
  if (eventMetadataOf(event.constructor as WorkerClass) !== null || (hasUnion && typeof type === 'string'))
    return [event];
  const names = new Set(
    compileWorkers([worker]).flatMap(({ handlers }) =>
      handlers.flatMap(({ routes }) => routes.map((each) => each.event)),
    ),
  );
  const [name] = names;
  if (names.size === 1 && name !== undefined) return [name, event];
  throw noEvent(
    `nobody can tell which event that is: ${worker.name} takes ${[...names].join(', ') || 'none'}`,
    'Write [OrderPlaced, { … }]',
  );
}

function noEvent(found: string, write: string): ConfigurationError {
  return new ConfigurationError([{ option: 'crashMatrix(): event', found, write }]);
}
