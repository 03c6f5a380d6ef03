import { durationForms, parseDuration, type Duration } from '../model/duration.js';
import { NoCurrentExecutionError } from '../model/errors-app.js';
import { NonRetryableError } from '../model/errors-step.js';
import type { ExecutionContext } from '../model/execution-context.js';
import { shared } from '../ports/current-execution.js';

/** The execution that the caller runs in, anywhere below a handler. Throws `NoCurrentExecutionError` outside one. */
export function execution(): ExecutionContext {
  const current = shared().storage.getStore();
  if (current === undefined) throw new NoCurrentExecutionError('execution()');
  return current.context as ExecutionContext;
}

/**
 * A step without a method: `body` runs once, its result is stored before the promise resolves, and a resume gives the
 * stored result. The name tells it from other steps; equal names are told apart by their order. Outside an execution it
 * just runs.
 *
 * @example
 * const rates = await step('fetch rates', () => this.http.get('/rates'));
 */
export function step<Result>(name: string, body: () => Result): Promise<Awaited<Result>> {
  const current = shared().storage.getStore();
  if (current === undefined || !isCall(name, body)) return plainCall(name, body);
  // The promise itself, no other that follows it: one that nobody awaits must not end the process when it fails.
  return current.inline({ name, body }) as Promise<Awaited<Result>>;
}

async function plainCall<Result>(name: string, body: () => Result): Promise<Awaited<Result>> {
  if (!isCall(name, body))
    throw new NonRetryableError("step() takes a name and a function: step('fetch rates', () => …)");
  return await body();
}

function isCall(name: unknown, body: unknown): boolean {
  return typeof name === 'string' && name !== '' && typeof body === 'function';
}

/**
 * Waits durably: the execution holds no slot meanwhile, and goes on in whichever process lives then. Rejects with
 * `NoCurrentExecutionError` outside an execution, and with `NonRetryableError` for what is no duration.
 *
 * @example
 * await sleep('2 days');
 */
export async function sleep(duration: Duration): Promise<void> {
  const delayMs = parseDuration(duration);
  if (delayMs === null) {
    throw new NonRetryableError(`sleep() takes ${durationForms(duration)}, not ${JSON.stringify(duration)}`);
  }
  const current = shared().storage.getStore();
  if (current === undefined) throw new NoCurrentExecutionError('sleep()');
  await current.sleep(delayMs);
}
