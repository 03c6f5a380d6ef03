import { tellFault } from '../ports/tell-fault.js';
import type { Pass } from '../step/pass.js';
import { runHook } from '../step/run-hook.js';
import type { Conclusion } from './conclude.js';
import type { Receivers } from './work.js';

/** Calls a hook of the pass's handler, if it has it: the end that it hears of is stored. */
export async function callHook(
  { handler, worker, record, services }: Pass,
  { name, nextAt }: NonNullable<Conclusion['hook']>,
  error: unknown,
  receivers: Receivers,
): Promise<void> {
  const { retry } = handler;
  if (retry[name] === null) return;
  try {
    const receiver = await receivers.receiverOf(worker);
    const info = { attempt: record.attempt, maxAttempts: retry.maxAttempts, nextAt };
    runHook(retry[name], receiver, error, info, services, name);
  } catch (cause) {
    tellFault(services, name, cause);
  }
}
