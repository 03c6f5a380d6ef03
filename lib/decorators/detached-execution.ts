import { randomUUID } from 'node:crypto';
import { NoCurrentExecutionError } from '../model/errors-app.js';
import type { ExecutionContext, ExecutionLog } from '../model/execution-context.js';
import { type CurrentExecution, type InlineCall, shared, type StepCall } from '../ports/current-execution.js';

const SILENT: ExecutionLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * What `execution()` gives below a step that was called outside any execution, as a unit test does: enough for the body
 * to run, and nothing durable. Ids and chance are real, since such a call may also happen in production. Steps that it
 * calls are plain calls too, each with a key of its own.
 */
export class DetachedExecution implements CurrentExecution {
  readonly context: ExecutionContext;
  readonly app = this;

  constructor(worker: string, step: string) {
    const signal = new AbortController().signal;
    // The only clock and chance beside the ports: a plain call has no app to ask.
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
      idempotencyKey: `detached/${step}/${randomUUID()}`,
      signal,
      log: SILENT,
      emit: () => {},
      progress: () => {},
      now: () => startedAt,
      random: () => Math.random(),
      uuid: () => randomUUID(),
    });
  }

  async step({ receiver, name, args, body }: StepCall): Promise<unknown> {
    const nested = new DetachedExecution(receiver?.constructor.name ?? '', name);
    return shared().storage.run(nested, () => body.apply(receiver, args as never[]));
  }

  async inline({ name, body }: InlineCall): Promise<unknown> {
    return shared().storage.run(new DetachedExecution(this.context.worker, name), body);
  }

  sleep(): Promise<void> {
    throw new NoCurrentExecutionError('sleep()');
  }

  waitFor(): Promise<unknown> {
    throw new NoCurrentExecutionError('waitFor()');
  }

  race(): Promise<unknown> {
    throw new NoCurrentExecutionError('race()');
  }

  run(): Promise<unknown> {
    throw new NoCurrentExecutionError('run()');
  }

  continueAsNew(): Promise<never> {
    throw new NoCurrentExecutionError('continueAsNew()');
  }

  publish(): Promise<unknown> {
    throw new NoCurrentExecutionError('publish() as a step');
  }

  state(): Promise<unknown> {
    throw new NoCurrentExecutionError('state() as a step');
  }
}
