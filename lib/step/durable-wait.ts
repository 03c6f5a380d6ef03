import type { Checkpoint } from '../model/checkpoint.js';
import type { WaitCall } from '../ports/current-execution.js';
import type { Mail } from '../ports/store-write.js';
import { timerKey } from './checkpoint-key.js';
import { DurableCall } from './durable-call.js';
import { encodeResult } from './encode-result.js';
import type { Frame } from './frame.js';

/**
 * A wait for an event: the store keeps it while no process does, and tells when something came. What came is asked of the
 * store again by whichever pass runs then, so that nothing is lost with a process; the journal decides.
 */
export class DurableWait extends DurableCall {
  private startedAt = 0;
  private until: number | null = null;
  /** The journal knows that it waits, or will with the next commit. */
  private isNoted = false;

  constructor(
    parent: Frame,
    encodedName: string,
    path: string,
    private readonly call: WaitCall,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super(parent, encodedName, path, resolve, reject);
  }

  protected run(): void {
    const now = this.pass.services.clock.now();
    const begun = this.pass.nested.sleep(this.path) ?? this.pass.replay?.timer(this.path) ?? null;
    const { timeoutMs } = this.call;
    this.isNoted = begun !== null;
    this.startedAt = begun?.startedAt ?? now;
    this.until = begun === null ? (timeoutMs === null ? null : now + Math.ceil(timeoutMs)) : begun.wakeAt;
    this.ask();
  }

  private ask(): void {
    const { pass, until, call } = this;
    if (this.parent.isDead) return;
    const isOver = until !== null && until <= pass.services.clock.now();
    const { eventName, eventId } = pass.record;
    pass.writes.send(
      {
        kind: 'await',
        lease: pass.lease,
        holder: this.holder,
        event: call.event,
        key: call.key,
        except: eventName === call.event ? eventId : null,
        until,
        isOver,
      },
      ({ mail = null }) => {
        if (this.parent.isDead) return;
        if (mail !== null) this.take(mail);
        else if (isOver) this.finish(pass.services.codec.encode(null));
        else this.wait();
      },
    );
  }

  /** A wait within a step that was renamed meanwhile is the one that was registered. */
  private get holder(): string {
    return this.pass.outsidePath(this.path);
  }

  private wait(): void {
    if (!this.isNoted) {
      const row = this.row('timer', timerKey(this.path), this.startedAt, 1);
      row.wakeAt = this.until;
      if (this.isNested) this.pass.nested.sleepBegan(row);
      this.pass.later(row);
      this.isNoted = true;
    }
    this.pass.waitFor('event', this.holder, this.until, this.parent, () => this.ask());
  }

  private take(mail: Mail): void {
    const { codec, events } = this.pass.services;
    const data = codec.decode(mail.payload);
    const admitted = events.admit(this.call.event, data, mail.schemaHash);
    if (!(admitted instanceof Promise)) {
      this.finish(admitted === data ? mail.payload : encodeResult(this.pass.services, admitted).text);
      return;
    }
    const { writes } = this.pass;
    // The pass must not rest meanwhile.
    writes.underWay++;
    admitted
      .finally(() => writes.underWay--)
      .then((late) => this.finish(encodeResult(this.pass.services, late).text))
      .catch((error: unknown) => this.pass.end({ kind: 'parked', error }));
  }

  private finish(value: string): void {
    if (this.parent.isDead) return;
    const row = this.row('completed', this.path, this.startedAt, 1);
    row.value = value;
    this.store(row, null);
  }

  /** The journal keeps plain data; user code gets what handlers of the event get, each time anew. */
  protected override decode(row: Checkpoint): unknown {
    const data = super.decode(row);
    return data === null ? null : this.pass.services.events.revive(this.call.event, data);
  }
}
