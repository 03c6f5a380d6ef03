import { NoCurrentExecutionError } from '../model/errors-app.js';
import type { ExecutionContext, ExecutionLog } from '../model/execution-context.js';
import type { CurrentExecution, InlineCall, StepCall } from '../ports/current-execution.js';

const silent: ExecutionLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * What `execution()` gives below a step that was called outside any execution, as a unit test does: enough for the body
 * to run, and nothing durable. Steps that it calls are plain calls.
 */
export class DetachedExecution implements CurrentExecution {
  readonly context: ExecutionContext;
  readonly app = this;

  constructor(worker: string, step: string) {
    const signal = new AbortController().signal;
    // The only clock beside the port: a plain call has no app to ask.
    const startedAt = Date.now();
    this.context = Object.freeze({
      id: 'detached',
      worker,
      handler: '',
      event: '',
      session: null,
      startedAt,
      attempt: 1,
      isRetry: false,
      step,
      depth: 0,
      idempotencyKey: `detached/${step}`,
      signal,
      log: silent,
      emit: () => {},
      progress: () => {},
      now: () => startedAt,
      random: () => 0.5,
      uuid: () => '00000000-0000-4000-8000-000000000000',
    });
  }

  async step({ receiver, args, body }: StepCall): Promise<unknown> {
    return body.apply(receiver, args as never[]);
  }

  async inline({ body }: InlineCall): Promise<unknown> {
    return body();
  }

  sleep(): Promise<void> {
    throw new NoCurrentExecutionError('sleep()');
  }

  publish(): Promise<unknown> {
    throw new NoCurrentExecutionError('publish() as a step');
  }
}
