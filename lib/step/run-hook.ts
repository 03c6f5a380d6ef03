import type { RetryHook, RetryInfo } from '../model/retry-policy.js';
import { outsideExecutions } from '../ports/current-execution.js';
import { tellFault } from '../ports/tell-fault.js';
import type { PassServices } from './pass-services.js';

/** Calls `onRetry` or `onExhausted`; one that fails is told to the observer and changes nothing. */
export function runHook(
  hook: RetryHook | null,
  receiver: object | null,
  error: unknown,
  info: RetryInfo,
  services: PassServices,
  task: string,
): void {
  if (hook === null) return;
  const fault = (cause: unknown): void => tellFault(services, task, cause);
  try {
    const method = typeof hook === 'string' ? (receiver as Record<string, RetryHook> | null)?.[hook] : hook;
    if (typeof method !== 'function') return;
    const answer: unknown = outsideExecutions(() => method.call(receiver, error, info));
    if (answer instanceof Promise) answer.catch(fault);
  } catch (cause) {
    fault(cause);
  }
}
