import { encodeName } from '../model/path.js';
import { Frame } from '../step/frame.js';
import type { Pass } from '../step/pass.js';
import { runBody, type BodyOutcome } from '../step/run-body.js';
import { stepCaller } from '../step/step-caller.js';

/** A pass of an `@OnEvent` handler: its method runs from the top, recorded steps answer from the journal. */
export function runHandler(pass: Pass, instance: object, event: unknown): void {
  const { handler, record } = pass;
  const path = encodeName(handler.method);
  const frame = new Frame({
    pass,
    caller: stepCaller,
    parent: null,
    path,
    encodedName: path,
    scope: String(record.attempt),
    attempt: record.attempt,
    idempotencyKey: `${record.id}/${path}`,
    time: record.startedAt ?? 0,
  });
  pass.replay?.open(path, frame.scope);
  const method = (instance as Record<string, (...args: unknown[]) => unknown>)[handler.method];
  const invoke = (): unknown => method?.call(instance, event, frame.context);
  const bodyEnded = (outcome: BodyOutcome): void =>
    pass.end(
      outcome.ok ? { kind: 'completed', value: outcome.value } : { kind: 'threw', error: outcome.error },
    );
  runBody(frame, { timeoutMs: null, args: [event], invoke }, { bodyEnded });
}
