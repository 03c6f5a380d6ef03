import type { DataFields } from './event-source.js';

/** A class whose instances are `Worker`. */
export type ClassOf<Instance> = abstract new (...args: never[]) => Instance;

/** Names of methods, for `.of(OrderWorker, 'fulfil')`. */
export type MethodName<Instance> = {
  [Name in keyof Instance]: Instance[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Instance] &
  string;

/** What a handler's execution gives. */
export type ResultOf<Instance, Method extends MethodName<Instance>> = Instance[Method] extends (
  ...args: never[]
) => infer Result
  ? Awaited<Result>
  : never;

/** What a handler may be called with: an instance of its event, or plain data of it. */
export type DataOf<Instance, Method extends MethodName<Instance>> = Instance[Method] extends (
  event: infer Data,
  ...rest: never[]
) => unknown
  ? Data | DataFields<Data>
  : never;
