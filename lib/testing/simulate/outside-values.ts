import type { Provider } from '../../app/injection/provider.js';
import { AppContainer } from '../../app/injection/container.js';
import { CLOCK, DISPATCHER, LOGGER, METRICS, STORE, WORKER_APP } from '../../app/tokens.js';
import { tokenTitle } from '../../app/injection/token-title.js';
import { WorkerApp } from '../../app/worker-app.js';
import { silentLogger } from '../../adapters/console/console-logger.js';
import { silentMetrics } from '../../adapters/console/silent-metrics.js';
import { ConfigurationError } from '../../model/errors-boot.js';
import type { InjectionToken } from '../../model/injection-token.js';
import type { Clock } from '../../ports/clock.js';
import type { CallWatch } from './call-watch.js';
import type { Machine } from '../simulation/machine.js';

const DECIDED = new Set<unknown>([CLOCK, DISPATCHER, METRICS, STORE, WORKER_APP, WorkerApp]);

/** The world outside the processes of one run: what `providers` gives, made once. */
export class OutsideValues {
  private constructor(
    private readonly container: AppContainer,
    private readonly providers: readonly Provider[],
    private readonly watch: CallWatch,
  ) {}

  static async make(providers: readonly Provider[], clock: Clock, watch: CallWatch): Promise<OutsideValues> {
    const refused = providers.map(tokenOf).find((token) => DECIDED.has(token));
    if (refused !== undefined)
      throw new ConfigurationError([
        {
          option: 'simulate(): providers',
          found: `they provide ${tokenTitle(refused)}`,
          write: 'Leave it out: the simulation brings its own',
        },
      ]);
    // Classes alone are the users' own code: each process has its own instances, as it has of its workers.
    const given = providers.filter((provider) => typeof provider !== 'function');
    const container = new AppContainer({
      providers: given,
      parts: [
        { provide: CLOCK, useValue: clock },
        { provide: LOGGER, useValue: silentLogger },
        { provide: METRICS, useValue: silentMetrics },
      ],
      late: [STORE, DISPATCHER, WORKER_APP, WorkerApp],
    });
    await container.build();
    return new OutsideValues(container, providers, watch);
  }

  /** The providers of one process: what needs the app itself is built there. */
  providersFor(machine: Machine): readonly Provider[] {
    return this.providers.map((provider) => {
      const provide = tokenOf(provider);
      return this.isOutside(provider)
        ? { provide, useValue: this.watch.wrap(this.container.get(provide), tokenTitle(provide), machine) }
        : provider;
    });
  }

  get<Value>(token: InjectionToken<Value>): Value {
    if (this.providers.some((provider) => tokenOf(provider) === token && this.isOutside(provider)))
      return this.container.get(token);
    const title = tokenTitle(token);
    throw new ConfigurationError([
      {
        option: `get(${title})`,
        found: 'each process has its own',
        write: `To have one outside of them, add { provide: ${title}, useValue: … } or useClass to providers`,
      },
    ]);
  }

  /** Made once, outside the processes; what needs the app itself is not. */
  private isOutside(provider: Provider): boolean {
    return typeof provider !== 'function' && this.container.has(tokenOf(provider));
  }

  dispose(): Promise<void> {
    return this.container.dispose();
  }
}

function tokenOf(provider: Provider): InjectionToken {
  return typeof provider === 'object' && provider !== null ? provider.provide : provider;
}
