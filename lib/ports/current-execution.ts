import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/** A call of a `@Step` method inside an execution. */
export interface StepCall {
  /** The object called: another worker's steps run on that worker. */
  readonly receiver: object;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly body: (...args: never[]) => unknown;
  /** The decorated function that was called. Left out: a test put the body there. */
  readonly method?: (...args: never[]) => unknown;
}

/** A call of `step('name', fn)`. */
export interface InlineCall {
  readonly name: string;
  readonly body: () => unknown;
}

/** What one wait is for. */
export interface AwaitedEvent {
  /** The event's class or definition. */
  readonly source: object;
  /** The event's name. */
  readonly event: string;
  /** The key as text. */
  readonly key: string;
}

/** A call of `waitFor`, `waitForAny` or `waitForAll`. */
export interface WaitCall {
  /** At least one. */
  readonly events: readonly AwaitedEvent[];
  /** Whether one of the events ends the wait, or all of them together. */
  readonly until: 'any' | 'all';
  /** The wait gives a list, whatever it waits for: `waitForAll`. */
  readonly isList: boolean;
  /** Null: it waits for ever. */
  readonly timeoutMs: number | null;
}

/** A call that reads state which other executions share, or changes it. */
export interface StateCall {
  /** The instance that keeps it. */
  readonly instance: string;
  /** The new state, of the stored one; null: there is none. Null instead of a function: it is only read. */
  readonly change: ((stored: string | null) => Promise<string | null>) | null;
  /** How often it is changed anew when somebody else changed it meanwhile. */
  readonly tries: number;
  /** What the call rejects with then. */
  readonly conflict: () => Error;
}

/** A call of `race`: at least one branch. */
export type RaceCall = readonly { readonly name: string; readonly body: () => unknown }[];

/** A call of `run`. */
export interface RunCall {
  /** The worker's class. */
  readonly worker: object;
  readonly method: string;
  readonly data: unknown;
}

/** A call of `continueAsNew`. */
export interface AnewCall {
  /** The event's class or definition; null: the handler's own. */
  readonly source: object | null;
  /** Its name; null with the source. */
  readonly event: string | null;
  readonly data: unknown;
}

/** What code below a handler can ask for. Calls of a pass that has ended never settle. */
export interface CurrentExecution {
  readonly context: unknown;
  /** Tells apps in one process apart: that of the app the execution belongs to. */
  readonly app: object;
  step(call: StepCall): Promise<unknown>;
  inline(call: InlineCall): Promise<unknown>;
  sleep(ms: number): Promise<void>;
  /** The event, or the events, that end the wait; null when the time is over. */
  waitFor(call: WaitCall): Promise<unknown>;
  /** The first branch that settles: its name and value, or its error. */
  race(call: RaceCall): Promise<unknown>;
  /** Starts an execution of a handler, and gives its value. */
  run(call: RunCall): Promise<unknown>;
  /** Ends the turn; the execution goes on with that input. Never resolves. */
  continueAsNew(call: AnewCall): Promise<never>;
  /** Publishes what `requests` gives as a step of this execution; answers what the step stores. */
  publish(requests: () => unknown): Promise<unknown>;
  /** Reads or changes state as a step of this execution; answers the text that is stored then, null: there is none. */
  state(call: StateCall): Promise<unknown>;
}

/** Told of steps that run outside any execution on an instance that a running app owns. */
export type DetachedListener = (receiver: object, step: string) => void;

interface Shared {
  readonly storage: AsyncLocalStorage<CurrentExecution>;
  readonly detached: Set<DetachedListener>;
}

const key = Symbol.for('holdfast/1');

/** Shared by every copy of the package in the process (CommonJS and ESM, Jest's registry). */
export function shared(): Shared {
  const home = globalThis as { [key]?: Shared };
  home[key] ??= { storage: new AsyncLocalStorage(), detached: new Set() };
  return home[key];
}

/** From here on Node makes a new frame of all contexts for each value that is entered, and another for the one that is left. */
const FRAMES_SINCE = 24;
const makesFrames = Number.parseInt(process.versions.node, 10) >= FRAMES_SINCE;

/** Calls below that execution, as `storage.run` does; where Node makes frames, without making anew the one that was left. */
export function callBelow<Given, Result>(
  execution: CurrentExecution,
  call: (given: Given) => Result,
  given: Given,
): Result {
  const { storage } = shared();
  if (!makesFrames) return storage.run(execution, call, given);
  return new AsyncResource('HoldfastBody').runInAsyncScope(
    enterAndCall<Given, Result>,
    storage,
    execution,
    call,
    given,
  );
}

function enterAndCall<Given, Result>(
  this: Shared['storage'],
  execution: CurrentExecution,
  call: (given: Given) => Result,
  given: Given,
): Result {
  this.enterWith(execution);
  return call(given);
}

/** The asynchronous context of where it was made, below no execution: a call in it is cheaper than one by `outsideExecutions`. */
export class OutsideContext {
  private readonly context = outsideExecutions(() => new AsyncResource('HoldfastOutside'));

  call<Given, Result>(callback: (given: Given) => Result, given: Given): Result {
    return this.context.runInAsyncScope(callback, undefined, given);
  }
}

/** For what begins several executions in one turn: where Node makes no frames, what a handler enters for good (`enterWith`) would stay for the next. */
export function apart<Result>(call: () => Result): Result {
  return makesFrames ? call() : new AsyncResource('HoldfastPass').runInAsyncScope(call);
}

/** The call in the context of whoever made it, that of user code's own storages too: for what begins later than it was called. */
export function inThisContext(call: () => void): () => void {
  const here = new AsyncResource('HoldfastCall');
  return () => here.runInAsyncScope(call);
}

/**
 * Calls below no execution, whatever called: what listeners, hooks and the engine's own turns do is no step of the execution
 * in whose turn they happen to run.
 */
export function outsideExecutions<Result>(call: () => Result): Result {
  const { storage } = shared();
  return storage.getStore() === undefined ? call() : storage.exit(call);
}
