import type { Hint } from '../../model/hint.js';
import { outsideExecutions } from '../../ports/current-execution.js';
import type { Dispatcher, HintQueue } from '../../ports/dispatcher.js';
import { HintInlet } from './hint-inlet.js';
import { HintOutbox, type OutboxOptions } from './hint-outbox.js';

export interface HttpChannelOptions {
  /** One for each peer. */
  readonly outboxes: readonly OutboxOptions[];
  /** How long `stop` lets hints go out. */
  readonly drainMs: number;
}

/** Tells other processes of due work by a POST to their mount; what comes in at the own mount is handed to the receiver. */
export class HttpDispatcher implements Dispatcher {
  readonly local = false;
  private readonly inlet = new HintInlet();
  private readonly outboxes: readonly HintOutbox[];
  private readonly drainMs: number;

  /** @internal */
  constructor({ outboxes, drainMs }: HttpChannelOptions) {
    this.outboxes = outboxes.map((options) => new HintOutbox(options));
    this.drainMs = drainMs;
  }

  async start(receive: (hint: Hint) => void | Promise<void>): Promise<void> {
    this.inlet.start(receive);
  }

  /** Rejects with `HintsUndeliveredError` when a peer could not be told. Every peer is tried. */
  async send(hints: readonly Hint[]): Promise<void> {
    const sent = outsideExecutions(() => this.outboxes.map((outbox) => outbox.send(hints)));
    const failed = (await Promise.allSettled(sent)).find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Hints that came in at the app's mount. */
  async deliver(hints: readonly Hint[]): Promise<void> {
    this.inlet.deliver(hints);
  }

  /** Hints that wait for each address, and those that are being sent. */
  async queues(): Promise<Readonly<Record<string, HintQueue>>> {
    const sizes = this.outboxes.map(({ size: { url, ...size } }) => [url, { ...size, delayed: 0 }] as const);
    return Object.fromEntries(sizes);
  }

  async stop(): Promise<void> {
    await Promise.all([this.inlet.stop(), ...this.outboxes.map((outbox) => outbox.drain(this.drainMs))]);
  }
}
