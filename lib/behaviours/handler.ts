import type { Checkpoint } from '../model/checkpoint.js';
import { UnstorableResultError } from '../model/errors-execution.js';
import { freshList } from '../model/fresh-list.js';
import { messageOf } from '../model/message-of.js';
import { encodeName } from '../model/path.js';
import type { EncodedValue } from '../ports/codec.js';
import { callHandler } from '../step/call-method.js';
import { encodeResult } from '../step/encode-result.js';
import { Frame, type FramedCall } from '../step/frame.js';
import { NewRow } from '../step/new-row.js';
import type { Pass } from '../step/pass.js';
import type { Completed } from '../step/pass-end.js';
import { returnPath } from '../step/control-path.js';
import { runBody, type BodyOwner, type BodySpec } from '../step/run-body.js';
import { stepCaller } from '../step/step-caller.js';
import type { Turn } from '../step/turn.js';
import { GraphRun } from './graph-run.js';
import { ResultValue } from './node-value.js';

/**
 * A pass of an `@OnEvent` handler: its method runs from the top, recorded steps answer from the journal; declared steps
 * follow. Once its return value is recorded, the method is history.
 */
export function runHandler(pass: Pass, receiver: object, event: unknown): void {
  const returned = pass.replay?.returned ?? null;
  if (returned !== null) {
    const value = new ResultValue(pass.services.codec, returned.value);
    new GraphRun(openRoot(pass, true, returned.endedAt), receiver, returned, value).advance();
    return;
  }
  if (pass.turn?.resume(receiver) === true) return;
  const run = new HandlerRun(rootOf(pass), pass.turn, receiver, event);
  runBody(run.frame, run, run);
}

/** The body of the handler's own method. */
class HandlerRun implements BodySpec, BodyOwner {
  readonly timeoutMs = null;
  readonly args: readonly unknown[];

  constructor(
    readonly frame: Frame,
    private readonly turn: Turn | null,
    private readonly receiver: object,
    event: unknown,
  ) {
    this.args = freshList(event);
  }

  invoke({ pass, context }: Frame): unknown {
    const { turn, receiver } = this;
    const [event] = this.args;
    return turn === null
      ? callHandler(pass.services.host, receiver, pass.handler.method, [event, context])
      : turn.run(receiver, event, context);
  }

  bodyReturned(value: unknown): void {
    const { frame, receiver } = this;
    const { pass, next } = frame;
    if (pass.isClosing) pass.scheduleCheck();
    else if (next !== null) pass.end({ kind: 'renewed', next });
    else handlerReturned(frame, receiver, value);
  }

  bodyThrew(error: unknown): void {
    const { frame, turn, receiver } = this;
    const { pass } = frame;
    if (pass.isClosing) pass.scheduleCheck();
    else if (turn === null || !turn.failed(receiver, error)) pass.end({ kind: 'threw', error });
  }
}

/** A class for the reason that `freshList` gives. */
class PlainCompleted implements Completed {
  readonly kind = 'completed';
  readonly text: string;
  readonly valueSeq: number | null;
  readonly copy: EncodedValue['copy'];

  /** `row`: with that very value; null: there is none. */
  constructor({ text, copy }: EncodedValue, row: Checkpoint | null) {
    // The row's own text, which is equal: one string is kept, not two.
    this.text = row?.value ?? text;
    this.valueSeq = row?.seq ?? null;
    this.copy = copy;
  }
}

/** Without declared steps the execution ends here; else the value is recorded with the first result that follows it. */
function handlerReturned(frame: Frame, receiver: object, value: unknown): void {
  const { pass } = frame;
  const { handler, services } = pass;
  let encoded: EncodedValue;
  try {
    encoded = encodeResult(services, value);
  } catch (error) {
    const unstorable = new UnstorableResultError(pass.worker.id, handler.method, messageOf(error));
    pass.end({ kind: 'failed', error: unstorable });
    return;
  }
  if (handler.declared.length === 0) {
    pass.end(new PlainCompleted(encoded, pass.writes.newestWith(encoded.text)));
    return;
  }
  const path = returnPath(handler.method);
  const row = new NewRow(pass, path, 'completed', path, pass.record.startedAt ?? 0, pass.record.attempt);
  row.value = encoded.text;
  pass.writes.hold(row);
  const root = openRoot(pass, true, row.endedAt);
  new GraphRun(root, receiver, row, new ResultValue(services.codec, encoded.text, encoded.copy)).advance();
}

/** The frame of the handler's own body; what a resolver is told of the execution is told of this frame. */
export function rootOf(pass: Pass): Frame {
  if (pass.root instanceof Frame) return pass.root;
  const root = openRoot(pass, false, pass.record.startedAt ?? 0);
  pass.root = root;
  return root;
}

/** What the body of a handler is of: no other frame. A class for the reason that `freshList` gives. */
class RootCall implements FramedCall {
  readonly parent = null;
  readonly gate = null;

  constructor(
    readonly pass: Pass,
    readonly path: string,
    readonly settlesAtOnce: boolean,
  ) {}

  get encodedName(): string {
    return this.path;
  }
}

/** The frame below which the handler's body, what runs by itself after it, or another method of its turn makes its calls. */
export function openRoot(pass: Pass, isGraph: boolean, time: number, method = pass.handler.method): Frame {
  const { record } = pass;
  const path = encodeName(method);
  const frame = new Frame(new RootCall(pass, path, isGraph), stepCaller, 0, record.attempt, time);
  pass.replay?.open(path, frame.scope);
  return frame;
}
