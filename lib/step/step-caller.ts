import { DetachedStepError, UnstorableArgumentsError } from '../model/errors-execution.js';
import { DeclaredStepCalledError } from '../model/errors-graph.js';
import { NonRetryableError } from '../model/errors-step.js';
import { StoreUnavailableError } from '../model/errors-store.js';
import { messageOf } from '../model/message-of.js';
import { BUILT_IN, encodeName } from '../model/path.js';
import type { StepDefinition } from '../model/definition.js';
import { defaultRetryPolicy, type RetryPolicy } from '../model/retry-policy.js';
import type { InlineCall, RunCall, StepCall, WaitCall } from '../ports/current-execution.js';
import { callStep } from './call-method.js';
import { RACE } from './control-path.js';
import { digestOf } from './digest.js';
import type { DurableCall } from './durable-call.js';
import { DurableChild } from './durable-child.js';
import { DurableSleep } from './durable-sleep.js';
import { DurableWait } from './durable-wait.js';
import type { Caller, Frame } from './frame.js';
import { FrameContext } from './frame-context.js';
import { FunctionSpec } from './function-spec.js';
import { MethodSpec } from './method-spec.js';
import { newEventsOf, summaryOf, withKnown, type PublishedEvent } from './publish-call.js';
import { stateBody, stateEffects } from './state-call.js';
import { RaceRun } from './race-run.js';
import { AWAIT } from './received-events.js';
import { continueAsNew, whyNotAnew } from './renewal.js';
import { type EffectfulStep, StepRun, type StepSpec } from './step-run.js';
import { turnId } from './turn-id.js';

/** Where a call stands that never got into the journal. */
const BEFORE_ANY = 0;

/** What the store keeps from being prepared or read is tried until it answers; what is refused is final. */
const untilAnswered: RetryPolicy = {
  ...defaultRetryPolicy,
  maxAttempts: Number.MAX_SAFE_INTEGER,
  retryIf: (error) => error instanceof StoreUnavailableError,
};

/** How the events of a publish are stored: those that were not published before go with the step's commit. */
const publishEffects: EffectfulStep = {
  of: (value) => {
    const published = value as readonly PublishedEvent[];
    return { value: summaryOf(published), events: newEventsOf(published) };
  },
  withKnown: (value, known) => withKnown(value as readonly PublishedEvent[], known),
};

/** Names the calls of user code and begins them. Calls of a body that does not count any more never settle. */
export const stepCaller: Caller = {
  contextOf: (frame) => new FrameContext(frame),

  step(frame, call) {
    if (frame.entry === call.name) {
      frame.entry = null;
      return callStep(frame.pass.services.host, call) as Promise<unknown>;
    }
    if (frame.isDead) return unsettled(frame);
    if (typeof call.receiver !== 'object' || call.receiver === null)
      return refused(
        frame,
        new NonRetryableError(
          `step '${call.name}' was called without its worker: write (…) => this.${call.name}(…) instead of this.${call.name}`,
        ),
      );
    const definition = frame.pass.services.steps.stepOf(call.receiver, call.name);
    if (definition === null)
      return refused(frame, new DetachedStepError(call.receiver.constructor.name, call.name, 'on no worker'));
    // What it overrides may be called from its own body.
    if (definition.isDeclared && (frame.level === 0 || frame.encodedName !== encodeName(call.name)))
      return refused(frame, new DeclaredStepCalledError(definition.worker, call.name));
    const name = definition.worker === frame.pass.worker.id ? call.name : `${definition.worker}.${call.name}`;
    const digest = digestOfCall(frame, definition, call);
    if (typeof digest !== 'string') return refused(frame, digest);
    return run(
      frame,
      encodeName(name),
      digest,
      new MethodSpec(frame.pass.services.settings.timeoutMs, definition, call),
    );
  },

  inline(frame, call: InlineCall) {
    if (frame.isDead) return unsettled(frame);
    const encodedName = encodeName(call.name);
    const { worker, handler, services } = frame.pass;
    const isTaken =
      handler.declared.some(({ name }) => name === call.name) ||
      services.steps.compensates(worker.id, encodedName);
    if (isTaken) return refused(frame, nameTaken(call.name));
    const { timeoutMs } = services.settings;
    return run(frame, encodedName, '', new FunctionSpec(timeoutMs, defaultRetryPolicy, call.body));
  },

  sleep(frame, ms) {
    if (frame.isDead) return unsettled(frame);
    const name = `${BUILT_IN}sleep`;
    return new Promise((resolve, reject) => {
      new DurableSleep(frame, name, frame.nextPath(name, ''), ms, resolve as () => void, reject).begin();
    });
  },

  waitFor(frame, call) {
    if (frame.isDead) return unsettled(frame);
    let loading: Promise<void> | null;
    try {
      loading = known(frame, call);
    } catch (error) {
      return refused(frame, error);
    }
    if (loading === null) return wait(frame, call);
    const promise = loading.then(
      () => wait(frame, call),
      (error: unknown) => refused(frame, error),
    );
    promise.catch(() => {});
    return promise;
  },

  race(frame, branches) {
    if (frame.isDead) return unsettled(frame);
    const digest = digestOf(JSON.stringify(branches.map((branch) => branch.name)));
    const path = frame.nextPath(RACE, digest);
    return begun((resolve, reject) => new RaceRun(frame, RACE, path, branches, resolve, reject));
  },

  run(frame, call) {
    if (frame.isDead) return unsettled(frame);
    const name = `${BUILT_IN}child`;
    const path = frame.nextPath(name, digestOfChild(frame, call));
    return begun((resolve, reject) => new DurableChild(frame, name, path, call, resolve, reject));
  },

  continueAsNew(frame, call) {
    if (frame.isDead) return unsettled(frame);
    const wrong = whyNotAnew(frame);
    if (wrong !== null) return refused(frame, wrong);
    return continueAsNew(frame, call, (error) => refused(frame, error));
  },

  publish(frame, requests) {
    if (frame.isDead) return unsettled(frame);
    const publisher = frame.pass.services.publisher();
    const name = `${BUILT_IN}publish`;
    const path = frame.nextPath(name, '');
    const seed = `${turnId(frame.pass.record)} ${frame.pass.record.epoch} ${frame.pass.outsidePath(path)}`;
    const prepare = async (): Promise<readonly PublishedEvent[]> => {
      const events = await publisher.prepare(await requests(), seed, frame.pass.record.depth + 1);
      return events.map((event): PublishedEvent => ({ event, known: null }));
    };
    const { timeoutMs } = frame.pass.services.settings;
    return runAt(frame, name, path, new FunctionSpec(timeoutMs, untilAnswered, prepare, publishEffects));
  },

  state(frame, call) {
    if (frame.isDead) return unsettled(frame);
    const { pass } = frame;
    const name = `${BUILT_IN}state`;
    const path = frame.nextPath(name, digestOf(JSON.stringify([call.instance, call.change === null])));
    const { timeoutMs } = pass.services.settings;
    const spec = new FunctionSpec(
      timeoutMs,
      untilAnswered,
      stateBody(pass, call),
      stateEffects(pass, path, call),
    );
    return runAt(frame, name, path, spec);
  },
};

/** What runs inline would be taken for that step: its result for the step's, and undone with it. */
function nameTaken(name: string): NonRetryableError {
  return new NonRetryableError(
    `step('${name}', …) has the name of a step that runs by itself or has a compensation: give the inline step a name of its own`,
  );
}

function run(frame: Frame, encodedName: string, digest: string, spec: StepSpec): Promise<unknown> {
  return runAt(frame, encodedName, frame.nextPath(encodedName, digest), spec);
}

function wait(frame: Frame, call: WaitCall): Promise<unknown> {
  if (frame.isDead) return unsettled(frame);
  const names = call.events.map(({ event, key }) => [event, key]);
  const isPlain = names.length === 1 && !call.isList;
  const digest = digestOf(JSON.stringify(isPlain ? names[0] : [call.until, call.isList, ...names]));
  return new Promise((resolve, reject) => {
    new DurableWait(frame, AWAIT, frame.nextPath(AWAIT, digest), call, resolve, reject).begin();
  });
}

/** Makes all events of a wait known; a promise while one has to be loaded. */
function known({ pass }: Frame, { events }: WaitCall): Promise<void> | null {
  const loading = events.map(({ source }) => pass.services.events.know(source));
  const late = loading.filter((each) => each !== null);
  return late.length === 0 ? null : Promise.all(late).then(() => undefined);
}

/** Names a child by its method and data; data that cannot be encoded leaves it to the order of calls. */
function digestOfChild({ pass }: Frame, { method, data }: RunCall): string {
  try {
    return digestOf(`${method} ${pass.services.codec.encode(data)}`);
  } catch {
    return digestOf(method);
  }
}

/** Begins a call whose failure must not end the process when nobody awaits it: it fails the execution. */
function begun(
  make: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => DurableCall,
): Promise<unknown> {
  let call!: DurableCall;
  const promise = new Promise<unknown>((resolve, reject) => {
    call = make(resolve, reject);
  });
  call.promise = promise;
  call.begin();
  return promise;
}

const none = (): void => {};
let resolveKept: (value: unknown) => void = none;
let rejectKept: (error: unknown) => void = none;

/** For the promise that is made just now: a function for each would be a third of what a call allocates here. */
function keep(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  resolveKept = resolve;
  rejectKept = reject;
}

function runAt(frame: Frame, encodedName: string, path: string, spec: StepSpec): Promise<unknown> {
  const promise = new Promise<unknown>(keep);
  const call = new StepRun(frame, encodedName, path, spec, resolveKept, rejectKept);
  resolveKept = rejectKept = none;
  call.promise = promise;
  call.begin();
  return promise;
}

function digestOfCall(
  frame: Frame,
  { worker, key }: StepDefinition,
  call: StepCall,
): string | UnstorableArgumentsError {
  let position: number | null = null;
  try {
    const { codec } = frame.pass.services;
    if (key !== null) return digestOf(codec.encode(key(...(call.args as never[]))));
    if (call.args.length === 0) return '';
    position = 1;
    // Encoded text holds no line break: joined by it, no two lists of arguments meet.
    let text = codec.encode(call.args[0]);
    for (let at = 1; at < call.args.length; at++) {
      position = at + 1;
      text += `\n${codec.encode(call.args[at])}`;
    }
    return frame.digestOf(text);
  } catch (error) {
    return new UnstorableArgumentsError(`${worker}.${call.name}`, messageOf(error), position);
  }
}

/** A call that cannot be made fails as a step does: whoever awaits it learns it, else the body that made it fails. */
function refused(frame: Frame, error: unknown): Promise<never> {
  const { queue } = frame.pass;
  const promise = new Promise<never>((_, reject) => {
    frame.callBegan();
    queue.add(BEFORE_ANY, () => {
      if (frame.isDead) return;
      frame.callSettled(frame.time, { error });
      reject(error);
    });
  });
  promise.catch(() => {});
  return promise;
}

/** The body will wait for ever: it uses the process no more. */
function unsettled(frame: Frame): Promise<never> {
  frame.pass.bodyEnded(frame);
  return new Promise(() => {});
}
