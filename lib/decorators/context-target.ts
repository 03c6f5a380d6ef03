import type { ActorContext } from '../model/actor-context.js';
import type { ExecutionContext } from '../model/execution-context.js';

/**
 * Any class, where the method takes at that place of its parameters a context that it can be given, or nothing; else a sentence that says
 * what it can take.
 */
export type TakesContext<Parameters extends readonly unknown[], Place extends 0 | 1> =
  Required<Parameters> extends readonly []
    ? object
    : Place extends 0
      ? Required<Parameters> extends readonly [infer Taken, ...unknown[]]
        ? Fits<Taken>
        : object
      : Required<Parameters> extends readonly [unknown, infer Taken, ...unknown[]]
        ? Fits<Taken>
        : object;

type Fits<Taken> = [ExecutionContext] extends [Taken]
  ? object
  : // Nobody writes never: the method does not fit at all, and the compiler says why where it stands.
    [Taken] extends [never]
    ? object
    : [Taken] extends [ActorContext<infer State>]
      ? [ActorContext<State>] extends [Taken]
        ? object
        : WrongContext
      : WrongContext;

type WrongContext = 'a method takes as context: ExecutionContext, or ActorContext<State> in an actor';
