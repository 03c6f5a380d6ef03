import type { Checkpoint } from '../model/checkpoint.js';
import type { Pass } from './pass.js';

/**
 * A journal row of this pass that ends now; results, failures and instants are filled in by whoever makes it. A class for the
 * reason that `freshList` gives.
 */
export class NewRow implements Checkpoint {
  readonly seq: number;
  readonly turn: number;
  readonly epoch: number;
  value: string | null = null;
  error: string | null = null;
  wakeAt: number | null = null;
  readonly endedAt: number;

  constructor(
    { record, services, writes }: Pass,
    readonly path: string,
    readonly kind: Checkpoint['kind'],
    readonly key: string,
    readonly startedAt: number,
    readonly attempt: number,
  ) {
    this.seq = writes.nextSeq();
    this.turn = record.turn;
    this.epoch = record.epoch;
    this.endedAt = services.clock.now();
  }
}
