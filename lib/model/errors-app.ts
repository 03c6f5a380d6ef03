import { HoldfastError } from './errors.js';
import { messageOf } from './message-of.js';

/** The app runs nothing before `start()` and after `stop()`. */
export class NotStartedError extends HoldfastError {
  static readonly code = 'NOT_STARTED';
  readonly code = NotStartedError.code;
  override readonly name = 'NotStartedError';

  /** `why` replaces the usual reason. */
  constructor(call: string, why?: string) {
    super(
      why === undefined
        ? `${call} needs a started app: call \`await app.start()\` first`
        : `${call} came too early: ${why}`,
    );
  }
}

const whyClosed = (call: string) => ({
  closed: `${call} was called on a closed app: bootstrap a new one`,
  waiting: `the app was closed while ${call} was waiting; the execution goes on in another process, or at the next start`,
  crashed: `${call} was called on an app that crash() has ended: \`await app.restart()\` goes on`,
});

/** The app was closed; its connections are gone. */
export class AppClosedError extends HoldfastError {
  static readonly code = 'APP_CLOSED';
  readonly code = AppClosedError.code;
  override readonly name = 'AppClosedError';

  /** `waiting`: the call was under way when the app was closed. `crashed`: the app is one of a test, after `crash()`. */
  constructor(call: string, why: 'closed' | 'waiting' | 'crashed' = 'closed') {
    super(whyClosed(call)[why]);
  }
}

/** Durable functions work only below a handler. */
export class NoCurrentExecutionError extends HoldfastError {
  static readonly code = 'NO_CURRENT_EXECUTION';
  readonly code = NoCurrentExecutionError.code;
  override readonly name = 'NoCurrentExecutionError';

  constructor(call: string) {
    super(`${call} was called outside an execution: call it from a handler or a step`);
  }
}

/** A publication has no execution of that handler, or several of the worker and no method was named. */
export class NotSubscribedError extends HoldfastError {
  static readonly code = 'NOT_SUBSCRIBED';
  readonly code = NotSubscribedError.code;
  override readonly name = 'NotSubscribedError';

  constructor(message: string) {
    super(message);
  }
}

/** Several handlers of one event failed; `errors` holds each error. */
export class WorkerError extends HoldfastError {
  static readonly code = 'WORKERS_FAILED';
  readonly code = WorkerError.code;
  override readonly name = 'WorkerError';

  constructor(readonly errors: readonly unknown[]) {
    super(`${errors.length} handlers failed: ${errors.map((e) => messageOf(e)).join('; ')}`);
  }
}
