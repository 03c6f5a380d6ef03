import type { Answered } from './script-runner.js';

/** From where on two clocks that differ are worth a word. */
const TOLD_MS = 5_000;

/** How far the server's clock is ahead of this machine's, by what is known of the calls that it answered. */
export class ServerClock {
  /** In ms; negative: behind. */
  aheadMs = 0;
  private isTold = false;

  constructor(private readonly warn: (message: string) => void) {}

  /** A call was done after it was sent and before it was answered: what does not fit that is put right, and no more. */
  readonly heard = ({ sentAt, doneAt, answeredAt }: Answered): void => {
    // What asked for no time tells none.
    if (!(doneAt > 0)) return;
    // The server tells whole milliseconds.
    const most = doneAt + 1 - sentAt;
    const least = Math.min(doneAt - answeredAt, most);
    this.aheadMs = Math.min(Math.max(this.aheadMs, least), most);
    if (this.isTold || Math.abs(this.aheadMs) < TOLD_MS) return;
    this.isTold = true;
    const difference = `${Math.round(Math.abs(this.aheadMs) / 1_000)} s ${this.aheadMs > 0 ? 'behind' : 'ahead of'}`;
    this.warn(
      `this machine's clock is ${difference} the Redis server's: instants are reckoned by the server's. Synchronise them (NTP)`,
    );
  };
}
