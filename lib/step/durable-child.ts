import type { Checkpoint } from '../model/checkpoint.js';
import { CallDepthExceededError, CancelledError, ExecutionNotFoundError } from '../model/errors-execution.js';
import { StoreUnavailableError } from '../model/errors-store.js';
import { isTerminal } from '../model/execution.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import type { StoredOutcome } from '../model/outcome.js';
import { namesOf } from '../model/path.js';
import type { RunCall } from '../ports/current-execution.js';
import type { NewEvent } from '../ports/store-write.js';
import { childKey, childOrdinal, failureKey } from './checkpoint-key.js';
import { digestOf } from './digest.js';
import { DurableCall } from './durable-call.js';
import type { Frame } from './frame.js';
import { refusalOf } from './publish-call.js';

/** Before a store that did not answer is asked again. */
const PAUSE_MS = 1_000;

/** Before a child is asked again of whose end nobody may tell. */
const ASK_AGAIN_MS = 60_000;

/**
 * An execution that this one waits for. It is started by the commit that notes it, under an id made of the call, so that
 * nothing starts it twice. Its end is told by a message; how it ended is asked of its record by whichever pass runs then.
 */
export class DurableChild extends DurableCall {
  private startedAt = 0;

  constructor(
    parent: Frame,
    encodedName: string,
    path: string,
    private readonly call: RunCall,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super(parent, encodedName, path, resolve, reject);
  }

  protected run(): void {
    const begun = this.pass.children.of(this.path);
    this.startedAt = begun?.row.startedAt ?? this.pass.services.clock.now();
    if (begun === null || begun.isSpent) this.prepare();
    else this.ask(begun.row);
  }

  /** Also when an earlier child is void: each has an id of its own. */
  private prepare(): void {
    const { pass } = this;
    const { record, services } = pass;
    if (this.parent.isDead) return;
    if (pass.isClosing) {
      pass.scheduleCheck();
      return;
    }
    const depth = record.depth + 1;
    if (depth > services.settings.maxCallDepth) {
      this.fail(new CallDepthExceededError(namesOf(this.path), services.settings.maxCallDepth));
      return;
    }
    const ordinal = pass.children.of(this.path)?.count ?? 0;
    const row = this.row('timer', childKey(this.path, ordinal), services.clock.now(), 1);
    const eventId = this.eventIdOf(row);
    this.meanwhile(
      services.publisher().handlers.prepareChild(this.call, {
        id: idOf(eventId),
        eventId,
        depth,
        session: record.session,
        parent: { executionId: record.id, holder: pass.outsidePath(this.path) },
      }),
      (event) => this.send(row, event),
      () => this.prepare(),
    );
  }

  private send(row: Checkpoint, event: NewEvent): void {
    const { pass } = this;
    if (pass.isClosing) {
      pass.scheduleCheck();
      return;
    }
    pass.children.began(row);
    pass.commit(
      [row],
      { events: [event] },
      () => {
        pass.services.publisher().published([event]);
        this.wait(row);
      },
      ({ reason, eventId }) => this.fail(refusalOf([event], reason, eventId ?? null)),
    );
  }

  private wait(row: Checkpoint): void {
    if (this.parent.isDead) return;
    const id = idOf(this.eventIdOf(row));
    const { record, services } = this.pass;
    // An earlier life of this execution may have given it up.
    const at = row.epoch < record.epoch ? services.clock.now() + ASK_AGAIN_MS : null;
    this.pass.waitFor('child', id, at, this.parent, () => this.ask(row));
  }

  private ask(row: Checkpoint): void {
    if (this.parent.isDead) return;
    const id = idOf(this.eventIdOf(row));
    this.meanwhile(
      this.pass.services.publisher().handlers.outcomeOf(id),
      (outcome) => this.answered(row, id, outcome),
      () => this.ask(row),
    );
  }

  private answered(row: Checkpoint, id: ExecutionId, outcome: StoredOutcome | null): void {
    const isGone = outcome === null || outcome.status === 'cancelled';
    // What an earlier life of this execution took down with it begins anew.
    if (isGone && row.epoch < this.pass.record.epoch) this.prepare();
    else if (outcome === null) this.fail(new ExecutionNotFoundError(id));
    else if (!isTerminal(outcome.status)) this.wait(row);
    else if (outcome.status === 'cancelled') this.fail(new CancelledError(id));
    else if (outcome.status === 'failed') this.failAs(outcome.error);
    else {
      const done = this.row('completed', this.path, this.startedAt, 1);
      done.value = outcome.value;
      this.store(done, null);
    }
  }

  private fail(error: unknown): void {
    this.failAs(this.pass.services.codec.encodeFailure(error));
  }

  private failAs(error: string | null): void {
    const row = this.row('failed', failureKey(this.path, this.parent.scope), this.startedAt, 1);
    row.error = error ?? '';
    this.pass.children.spent(this.path);
    this.store(row, null);
  }

  /** The pass does not rest before it is answered; what the store kept from being answered is tried again. */
  private meanwhile<Answer>(asked: Promise<Answer>, then: (answer: Answer) => void, again: () => void): void {
    const { writes, services } = this.pass;
    writes.underWay++;
    asked
      .finally(() => writes.underWay--)
      .then(
        (answer) => {
          if (this.parent.isDead) return;
          then(answer);
          this.pass.scheduleCheck();
        },
        (error: unknown) => {
          if (this.parent.isDead) return;
          if (!(error instanceof StoreUnavailableError)) this.fail(error);
          else
            this.pass.wait(
              `retry:${this.path}`,
              services.clock.now() + PAUSE_MS,
              'retry',
              this.parent,
              again,
            );
        },
      )
      .catch((error: unknown) => this.pass.end({ kind: 'parked', error }));
  }

  private eventIdOf({ turn, epoch, key }: Checkpoint): EventId {
    const { record } = this.pass;
    const path = this.pass.outsidePath(this.path);
    const text = JSON.stringify(['child', record.id, turn, epoch, path, childOrdinal(key)]);
    return `${digestOf(text)}${digestOf(`2 ${text}`)}` as EventId;
  }
}

function idOf(eventId: EventId): ExecutionId {
  return `${eventId}-0` as ExecutionId;
}
