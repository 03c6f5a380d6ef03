import type { ConnectionOptions, JobsOptions, WorkerOptions } from 'bullmq';
import type { Duration } from '../../model/duration.js';
import type { Clock } from '../../ports/clock.js';

/** How BullMQ serves one queue in this process. */
export interface BullmqServing {
  /** Jobs of the queue at once in this process; by default the app's `concurrency`, which holds over all queues besides. */
  readonly concurrency?: number;
  /** At most `max` jobs of the queue begin within `duration` (ms or text such as `'1s'`), over all processes. Left out: no limit. */
  readonly limiter?: { readonly max: number; readonly duration: Duration };
}

/** How hints travel through BullMQ. */
export interface BullmqDispatcherOptions extends BullmqServing {
  /**
   * An ioredis client, what its constructor takes (`{ host, port }`), or an address (`'redis://localhost:6379'`). A client stays
   * yours: it is used by all queues, never closed, and one that serves workers has `maxRetriesPerRequest: null`. Of what is made from
   * options, each queue has one connection, and each that is served two more.
   */
  readonly connection: ConnectionOptions | string;
  /** Begins the names of all keys; `'holdfast'` by default. On Redis Cluster with a hash tag: `'{holdfast}'`. */
  readonly prefix?: string;
  /** One queue for each worker class (`'worker'`, the default), or besides one for each session of it that has work (`'lane'`). */
  readonly queue?: 'worker' | 'lane';
  /** Queues of sessions that there are at once; 100 by default. Sessions beyond share the queue of their worker. */
  readonly lanes?: number;
  /** How long the queue of a session may be empty before it is removed; `'1m'` by default. In ms here. */
  readonly laneIdle?: number | string;
  /** What holds for the queues of one worker, by its id. */
  readonly workers?: Readonly<Record<string, BullmqServing>>;
  /** More of BullMQ's options of a worker: `lockDuration`, `stalledInterval`, `maxStalledCount`, `drainDelay`, `metrics`, `telemetry`. */
  readonly worker?: Pick<
    WorkerOptions,
    | 'lockDuration'
    | 'lockRenewTime'
    | 'stalledInterval'
    | 'maxStalledCount'
    | 'drainDelay'
    | 'metrics'
    | 'telemetry'
    | 'name'
  >;
  /** What BullMQ keeps of jobs that are done; `true` by default: nothing. */
  readonly removeOnComplete?: JobsOptions['removeOnComplete'];
  /** What BullMQ keeps of jobs that could not be delivered; `true` by default: nothing. */
  readonly removeOnFail?: JobsOptions['removeOnFail'];
  /** Hints that may wait to be sent to one queue; 10,000 by default. More are given up at once. */
  readonly buffer?: number;
  /** Time; the machine's by default. */
  readonly clock?: Clock;
}

/** The same, checked and complete. Intervals in ms. */
export interface BullmqSettings {
  readonly connection: ConnectionOptions;
  readonly prefix: string;
  readonly perSession: boolean;
  readonly lanes: number;
  readonly laneIdleMs: number;
  readonly serving: BullmqServing;
  readonly workers: ReadonlyMap<string, BullmqServing>;
  readonly worker: NonNullable<BullmqDispatcherOptions['worker']>;
  readonly removeOnComplete: NonNullable<JobsOptions['removeOnComplete']>;
  readonly removeOnFail: NonNullable<JobsOptions['removeOnFail']>;
  readonly buffer: number;
  readonly clock: Clock;
}
