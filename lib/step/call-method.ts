import type { StepCall } from '../ports/current-execution.js';
import type { InstanceResolver, MethodBody } from '../ports/instance-resolver.js';

/** Who puts something around methods; null: nobody. */
type Host = Pick<InstanceResolver, 'invokerOf'> | null;

/** Calls a handler, or a method that belongs to its turns, through what the host puts around it. */
export function callHandler(host: Host, receiver: object, name: string, args: readonly unknown[]): unknown {
  const method = (receiver as Record<string, MethodBody | undefined>)[name];
  if (method === undefined) return undefined;
  const invoker =
    host?.invokerOf?.({ instance: receiver, name, kind: 'handler', method, body: method }) ?? method;
  return invoker.apply(receiver, args as never[]);
}

/** Calls the body of a step through what the host puts around it. */
export function callStep(host: Host, { receiver, name, args, body, method }: StepCall): unknown {
  const invoker =
    host?.invokerOf?.({ instance: receiver, name, kind: 'step', method: method ?? body, body }) ?? body;
  return invoker.apply(receiver, args as never[]);
}
