import { InvalidEventError, EventConflictError } from '../../model/errors-event.js';
import type { PublishRequest } from '../../dispatch/publish-request.js';
import type { Published } from '../../dispatch/publisher.js';
import type { Message } from '../../ports/store-write.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { Trace } from './trace.js';
import type { VirtualTime } from './virtual-time.js';

/** How long a client waits for an answer. */
const ANSWER_MS = 30_000;
const AGAIN_MS = 1_000;

/** A publish that resolved. */
export interface AcceptedEvent {
  readonly request: PublishRequest;
  readonly published: Published;
}

/** The request, made in the process that takes it. Throws what no repetition mends. */
export type RequestMaker = (process: SimulatedProcess) => Promise<PublishRequest>;

export interface ClientsOptions {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly processes: () => readonly SimulatedProcess[];
  /** A request cannot be made, whoever tries. */
  readonly failed: (error: unknown) => void;
  readonly accepted: (accepted: AcceptedEvent, process: SimulatedProcess) => void;
}

/** Who calls the processes from outside. */
export class Clients {
  readonly accepted: AcceptedEvent[] = [];
  /** Calls that are planned or under way. */
  open = 0;
  private count = 0;

  constructor(private readonly options: ClientsOptions) {}

  /** Publishes from some process that is up, at that time; a client that gets no answer asks again when `repeat`. */
  publishAt(atMs: number, request: PublishRequest | RequestMaker, repeat: boolean): void {
    const { time, random } = this.options;
    const make = typeof request === 'function' ? request : async () => request;
    const choice = random.fork(`client ${++this.count}`);
    this.open++;
    time.after(atMs - time.elapsed, null, () => this.publish(make, repeat, choice));
  }

  /** Sends a message to an accepted execution, at that time. */
  sendAt(atMs: number, message: (accepted: readonly AcceptedEvent[]) => Message | null): void {
    const { time, trace, random } = this.options;
    const ended = this.begin();
    const choice = random.fork(`client ${++this.count}`);
    time.after(atMs - time.elapsed, null, () => {
      const made = message(this.accepted);
      const process = this.pickUp(choice);
      if (made === null || process === null) {
        ended();
        return;
      }
      trace.add(`${made.kind} to ${made.to}`);
      time.after(ANSWER_MS, null, ended);
      process.runtime.writer
        .write({ kind: 'append', message: made })
        .then(
          () => process.runtime.changed(),
          () => {},
        )
        .finally(ended);
    });
  }

  /** A call is under way; answers what tells its end. */
  private begin(): () => void {
    let open = true;
    this.open++;
    return () => {
      if (open) this.open--;
      open = false;
    };
  }

  private publish(make: RequestMaker, repeat: boolean, choice: SeededRandom): void {
    const { time, trace, failed, accepted } = this.options;
    const process = this.pickUp(choice);
    if (process === null) {
      time.after(AGAIN_MS, null, () => this.publish(make, repeat, choice));
      return;
    }
    let answered = false;
    const ended = (): void => {
      answered = true;
      this.open--;
    };
    const givenUp = (): void => {
      if (answered) return;
      ended();
      if (!repeat) return;
      this.open++;
      time.after(AGAIN_MS, null, () => this.publish(make, repeat, choice));
    };
    make(process).then((request) => {
      process.runtime.publisher.publish([request]).then(
        ([published]) => {
          if (answered || published === undefined) return;
          ended();
          const event = { request, published };
          this.accepted.push(event);
          trace.add(`accepted ${published.eventId}`);
          accepted(event, process);
        },
        (error: unknown) => (isHopeless(error) ? failed(error) : givenUp()),
      );
    }, failed);
    time.after(ANSWER_MS, null, givenUp);
  }

  private pickUp(choice: SeededRandom): SimulatedProcess | null {
    const up = this.options.processes().filter((process) => process.isUp);
    return up.length === 0 ? null : choice.pick(up);
  }
}

function isHopeless(error: unknown): boolean {
  return error instanceof InvalidEventError || error instanceof EventConflictError;
}
