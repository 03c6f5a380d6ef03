import type { ProcessId } from '../model/ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { HeartbeatAnswer, ProcessRecord, Store } from '../ports/store.js';
import type { Run } from './executor.js';

interface LeaseKeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly owner: ProcessId;
  /** What the registry says of this process; read at each renewal. */
  readonly describe: () => ProcessRecord;
  readonly leaseMs: () => number;
  /** What runs here as a renewal is sent: handed to `renewed` with its answer. */
  readonly running: () => readonly Run[];
  /** After each renewal: executions with unseen messages, and all that the store says are ours. */
  readonly renewed: (answer: HeartbeatAnswer, before: readonly Run[]) => void;
}

/** Keeps the process's lease, at a third of its length, and tells when it may have run out. */
export class LeaseKeeper {
  /** Grows whenever the lease may have lapsed between two renewals: others may have taken what was ours. */
  generation = 0;
  private sentAt: number | null = null;
  private timer: Timer | null = null;
  private running = false;
  private renewing: Promise<void> | null = null;

  constructor(private readonly options: LeaseKeeperOptions) {}

  /** Registers the process; rejects when the store does. */
  async start(): Promise<void> {
    this.running = true;
    try {
      await this.renew();
    } catch (error) {
      this.halt();
      throw error;
    }
    this.schedule();
  }

  /** No body starts so late that it would outlive the lease: delays count against us, from before the request was sent. */
  mayStartBody(): boolean {
    if (this.sentAt === null) return false;
    const leaseMs = this.options.leaseMs();
    const marginMs = Math.min(Math.max(1_000, leaseMs / 5), leaseMs / 2);
    return this.options.clock.monotonic() - this.sentAt < leaseMs - marginMs;
  }

  /** Stops renewing and gives the lease back, so that others need not wait for it. */
  async stop(): Promise<void> {
    this.halt();
    await this.renewing?.catch(() => {});
    await this.options.store.leave(this.options.owner);
  }

  /** Stops renewing, as a dead process does. */
  halt(): void {
    this.running = false;
    this.sentAt = null;
    this.timer?.cancel();
  }

  /** Renews now, for example after a registration. */
  async renew(): Promise<void> {
    const { store, clock, describe, running, renewed } = this.options;
    const leaseMs = this.options.leaseMs();
    const before = running();
    const sentAt = clock.monotonic();
    const answer = await store.heartbeat(describe(), leaseMs);
    if (!this.running) return;
    if (this.sentAt === null || clock.monotonic() - this.sentAt >= leaseMs) this.generation++;
    this.sentAt = Math.max(this.sentAt ?? sentAt, sentAt);
    renewed(answer, before);
  }

  private schedule(): void {
    if (!this.running) return;
    this.timer = this.options.clock.setTimer(this.options.leaseMs() / 3, () => {
      this.renewing = this.renew()
        .catch((error: unknown) => {
          this.options.observer.emit({
            name: 'app.fault',
            task: 'renew lease',
            error,
            at: this.options.clock.now(),
          });
        })
        .finally(() => {
          this.renewing = null;
          this.schedule();
        });
    });
  }
}
