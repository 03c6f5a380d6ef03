import type { WorkerClass } from '../../model/definition.js';
import type { InjectionToken } from '../../model/injection-token.js';
import type { Logger } from '../../ports/logger.js';
import type { Limits } from '../../model/limits.js';
import type { StateCheckers } from '../../ports/state-checker.js';
import type { AppContainer } from '../injection/container.js';
import type { AppPublisherParts } from '../publishing/app-publisher.js';
import type { LifecycleBus } from '../telemetry/lifecycle-bus.js';
import type { BootstrapOptions, ConfigurableOptions } from '../options/options.js';

/** What an app is made of; `bootstrap` gathers it. */
export interface WorkerAppParts extends AppPublisherParts {
  readonly container: AppContainer;
  readonly get: <Value>(token: InjectionToken<Value>) => Value;
  readonly bus: LifecycleBus;
  readonly states: StateCheckers;
  readonly limits: () => Limits;
  readonly startedAt: number;
  readonly options: () => Readonly<BootstrapOptions>;
  readonly concurrency: () => number;
  readonly sweepMs: () => number;
  readonly logger: () => Logger;
  readonly configure: (options: ConfigurableOptions) => void;
  readonly register: (workers: readonly WorkerClass[]) => Promise<void>;
  readonly unregister: (workers: readonly WorkerClass[]) => Promise<void>;
  readonly sync: (workers: readonly WorkerClass[]) => Promise<void>;
  /** Hands over what the tracker holds, within a bound of its own. */
  readonly flush: () => Promise<void>;
  /** Lets go of what is shared by all apps of the process. */
  readonly forget: () => void;
}
