import type { ExecutionContext } from '../model/execution-context.js';

/** `Otherwise`, where the method does not take its context as the first parameter; else a sentence that says where it belongs. */
export type ContextSecond<Parameters extends readonly unknown[], Otherwise = object> =
  Required<Parameters> extends readonly [infer First, ...unknown[]]
    ? IsContext<First> extends true
      ? ContextIsSecond
      : Otherwise
    : Otherwise;

type IsContext<Taken> = 0 extends 1 & Taken
  ? false
  : [Taken] extends [never]
    ? false
    : [Taken] extends [ExecutionContext]
      ? true
      : false;

type ContextIsSecond =
  'the context is the second parameter: write a parameter for the error, or the input, before it';
