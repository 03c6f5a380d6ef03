import type { Checkpoint } from '../model/checkpoint.js';
import type { AwaitedEvent, WaitCall } from '../ports/current-execution.js';
import type { Mail } from '../ports/store-write.js';
import { begunTimer } from './begun-timer.js';
import { timerKey } from './checkpoint-key.js';
import { DurableCall } from './durable-call.js';
import { encodeText } from './encode-result.js';
import type { Frame } from './frame.js';

/** What the journal keeps of a wait that is over before anything came. */
const NONE = 'null';

/** An event that came, and its index among those that are waited for. */
interface Came {
  readonly mail: Mail;
  readonly at: number;
}

/**
 * A wait for events: the store keeps it while no process does, and tells when something came. What came is asked of the
 * store again by whichever pass runs then, so that nothing is lost with a process; the journal decides. One event is stored
 * as its data, the first of several with its index among them, all of them as a list.
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
    const begun = begunTimer(this.pass, this.path);
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
    const { eventName, eventId, turn } = pass.record;
    const answers: (Mail | null)[] = [];
    let left = call.events.length;
    for (const [at, { event, key }] of call.events.entries()) {
      // Of a later turn nobody knows by now which event it was that started the first.
      const except = turn > 0 || eventName === event ? eventId : null;
      const holder = this.holderOf(at);
      pass.writes.send(
        { kind: 'await', lease: pass.lease, holder, event, key, except, until, isOver },
        ({ mail = null }) => {
          answers[at] = mail;
          if (--left === 0 && !this.parent.isDead) this.answered(answers, isOver);
        },
      );
    }
  }

  private answered(answers: readonly (Mail | null)[], isOver: boolean): void {
    const { until } = this.call;
    const came = answers.flatMap((mail, at) => (mail === null ? [] : [{ mail, at }]));
    if (until === 'all' && came.length === answers.length) this.take(came);
    else if (until === 'any' && came.length > 0)
      // What came first, whichever process saw it first.
      this.take([came.reduce((a, b) => ((b.mail.place ?? 0) < (a.mail.place ?? 0) ? b : a))]);
    else if (isOver) this.finish(NONE, []);
    else this.wait();
  }

  private get isOne(): boolean {
    return this.call.events.length === 1;
  }

  /** A wait within a step that was renamed meanwhile is the one that was registered. */
  private holderOf(at: number): string {
    const path = this.pass.outsidePath(this.path);
    return this.isOne ? path : `${path}/${at}`;
  }

  private wait(): void {
    if (!this.isNoted) {
      const row = this.row('timer', timerKey(this.path, this.parent.scope), this.startedAt, 1);
      row.wakeAt = this.until;
      if (this.isNested) this.pass.nested.sleepBegan(row);
      this.pass.later(row);
      this.isNoted = true;
    }
    const holder = this.pass.outsidePath(this.path);
    this.pass.waitFor('event', holder, this.until, this.parent, () => this.ask());
  }

  private take(came: readonly Came[]): void {
    const given = came.map((each) => this.rechecked(each));
    if (!given.some((data) => data instanceof Promise)) {
      this.finish(this.textOf(came, given), indexesOf(came));
      return;
    }
    const { writes } = this.pass;
    // The pass must not rest meanwhile.
    writes.underWay++;
    Promise.all(given)
      .finally(() => writes.underWay--)
      .then((late) => this.finish(this.textOf(came, late), indexesOf(came)))
      .catch((error: unknown) => this.pass.end({ kind: 'parked', error }));
  }

  /** The event's data as the present schema has it. */
  private rechecked({ mail, at }: Came): unknown {
    const { codec, events } = this.pass.services;
    const { event } = this.call.events[at] as AwaitedEvent;
    return events.recheck(event, codec.decode(mail.payload), mail.schemaHash);
  }

  private textOf([first]: readonly Came[], given: readonly unknown[]): string {
    const { isList } = this.call;
    const value = isList ? given : this.isOne ? given[0] : [first?.at, given[0]];
    return encodeText(this.pass.services, value);
  }

  /** `indexes`: of the events that it gives; those of the others are there for later waits. */
  private finish(value: string, indexes: readonly number[]): void {
    if (this.parent.isDead) return;
    const row = this.row('completed', this.path, this.startedAt, 1);
    row.value = value;
    if (indexes.length < this.call.events.length && !this.isOne)
      this.pass.writes.withdraw({
        holder: this.pass.outsidePath(this.path),
        except: indexes.map((at) => this.holderOf(at)),
      });
    this.store(row, null);
  }

  /** The journal keeps plain data; user code gets what handlers of the event get, each time anew. */
  protected override decode(row: Checkpoint): unknown {
    const stored = super.decode(row);
    if (stored === null) return null;
    const { events, isList } = this.call;
    if (isList) return (stored as readonly unknown[]).map((data, at) => this.received(at, data));
    if (events.length === 1) return this.received(0, stored);
    const [at, data] = stored as readonly [number, unknown];
    return this.received(at, data);
  }

  /** From here on code has it: it is not given to another wait. */
  private received(at: number, data: unknown): unknown {
    this.pass.received.add(this.holderOf(at));
    return this.pass.services.events.revive((this.call.events[at] as AwaitedEvent).event, data);
  }
}

function indexesOf(came: readonly Came[]): readonly number[] {
  return came.map(({ at }) => at);
}
