import type { Checkpoint } from '../model/checkpoint.js';
import type { StepDefinition } from '../model/definition.js';
import type { Frame } from '../step/frame.js';
import type { PassEnd } from '../step/pass-end.js';
import { limitsOf } from '../step/limits-of.js';
import { StepRun } from '../step/step-run.js';

/** Who hears how a call ended, once that is stored. */
export interface CallOwner {
  completed(value: unknown, row: Checkpoint): void;
  failed(error: unknown, row: Checkpoint): void;
  /** How the execution ends when this result is the last: it is stored with the end then, and `completed` is not called. */
  closes(row: Checkpoint): PassEnd | null;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Begins a step of the worker that no code calls. `take` gives its arguments, to each attempt anew: attempts share no state. */
export function beginDeclared(
  frame: Frame,
  receiver: object,
  definition: StepDefinition,
  encodedName: string,
  path: string,
  take: () => readonly unknown[],
  owner: CallOwner,
): void {
  const { name } = definition;
  const args = take();
  let isFirst = true;
  const argsOfAttempt = (): readonly unknown[] => {
    if (!isFirst) return take();
    isFirst = false;
    return args;
  };
  new StepRun(
    frame,
    encodedName,
    path,
    {
      retry: definition.retry,
      timeoutMs: definition.timeoutMs ?? frame.pass.services.settings.timeoutMs,
      atMostOnce: definition.atMostOnce,
      limits: limitsOf(definition, args),
      receiver,
      args,
      invoke: (body) => enter(body, receiver, name, argsOfAttempt()),
      closes: (row) => owner.closes(row),
    },
    (value, row) => owner.completed(value, row),
    (error, row) => owner.failed(error, row),
  ).begin();
}

/** Calls the method so that the call is the body itself, and not a step within it. */
function enter(frame: Frame, receiver: object, name: string, args: readonly unknown[]): unknown {
  frame.entry = name;
  try {
    return (receiver as Record<string, Method>)[name]?.call(receiver, ...args);
  } finally {
    frame.entry = null;
  }
}
