import { Injectable } from '@nestjs/common';
import { type AppHealth, type HealthOptions, WorkerApp } from '../../lib/entries/index.js';

/** What a health check of `@nestjs/terminus` takes: by its shape, so that nothing of it is needed here. */
export type WorkerHealthResult<Key extends string> = Record<
  Key,
  { readonly status: 'up' | 'down' } & Pick<
    AppHealth,
    'isStarted' | 'sinceClaimMs' | 'lagMs' | 'handlers' | 'storeMs'
  > & {
      /** Why it is down. */
      readonly problems: readonly string[];
    }
>;

/**
 * Tells probes how the workers of this process fare.
 *
 * @example
 * @Get('live') @HealthCheck() live() { return this.health.check([() => this.workers.isAlive('workers')]); }
 * @Get('ready') @HealthCheck() ready() { return this.health.check([() => this.workers.isReady('workers', { maxLag: '30s' })]); }
 */
@Injectable()
export class WorkerHealthIndicator {
  constructor(private readonly app: WorkerApp) {}

  /** Liveness: the claim loop goes round. A store that is silent is no reason to restart the process. */
  async isAlive<Key extends string>(key: Key, options: HealthOptions = {}): Promise<WorkerHealthResult<Key>> {
    return this.result(key, 'isAlive', options);
  }

  /** Readiness: started, the store answers, nothing due waits longer than `maxLag`, handlers are registered. */
  async isReady<Key extends string>(key: Key, options: HealthOptions = {}): Promise<WorkerHealthResult<Key>> {
    return this.result(key, 'isReady', options);
  }

  /** All of it, as `isReady`: for applications with one probe. */
  async isHealthy<Key extends string>(
    key: Key,
    options: HealthOptions = {},
  ): Promise<WorkerHealthResult<Key>> {
    return this.result(key, 'isReady', options);
  }

  private async result<Key extends string>(
    key: Key,
    probe: 'isAlive' | 'isReady',
    options: HealthOptions,
  ): Promise<WorkerHealthResult<Key>> {
    const health = await this.app.health(options);
    const { isStarted, sinceClaimMs, lagMs, handlers, storeMs } = health;
    const up = health[probe];
    const details = { isStarted, sinceClaimMs, lagMs, handlers, storeMs };
    const result = {
      [key]: {
        status: up ? 'up' : 'down',
        ...details,
        problems: up ? [] : health.problems,
      },
    };
    return result as WorkerHealthResult<Key>;
  }
}
