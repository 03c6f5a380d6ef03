import type { AnyClass, ClassMetadata, MethodMetadata, StepMetadata } from '../metadata/class-metadata.js';
import { findOwnMetadata, lineage } from '../metadata/metadata-store.js';
import { reflection } from '../metadata/reflection.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const NAME_SHAPE = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const LONGEST_NAME = 200;
const NEST_LISTENER = 'EVENT_LISTENER_METADATA';

/** Notes decorated methods whose decorators do not fit each other, their name or their place. */
export function checkMethods(type: AnyClass, metadata: ClassMetadata, mistakes: ClassMistakes): void {
  for (const [name, method] of metadata.methods) {
    checkName(name, mistakes);
    checkRole(type, name, method, mistakes);
  }
  checkThenable(type, mistakes);
}

/** Whether executions begin with the method. */
export function isHandlerMethod({ subscriptions, every, actorRole }: MethodMetadata): boolean {
  return subscriptions.length > 0 || every != null || actorRole === 'alarm';
}

/** Notes methods that listen by the decorator of the same name from Nest; true when there are any. */
export function checkForeignListeners(type: AnyClass, mistakes: ClassMistakes): boolean {
  let found = false;
  for (const [name, { value }] of methodsOf(type)) {
    if (typeof value !== 'function' || reflection.getMetadata?.(NEST_LISTENER, value) === undefined) continue;
    found = true;
    mistakes.add(
      name,
      '@OnEvent comes from @nestjs/event-emitter, which is not durable',
      "Write import { OnEvent } from 'holdfast'",
    );
  }
  return found;
}

/** What makes instances awaits them: for one of these it would wait for ever. */
function checkThenable(type: AnyClass, mistakes: ClassMistakes): void {
  if (typeof methodsOf(type).get('then')?.value !== 'function') return;
  mistakes.add('then', 'await takes whatever has a method of this name for a promise', 'Write another name');
}

function checkName(name: string, mistakes: ClassMistakes): void {
  if (name.length <= LONGEST_NAME && NAME_SHAPE.test(name)) return;
  mistakes.add(
    name.slice(0, LONGEST_NAME),
    `its name ${show(name)} cannot stand in stored paths`,
    `Write an identifier of up to ${LONGEST_NAME} characters`,
  );
}

function checkRole(type: AnyClass, name: string, method: MethodMetadata, mistakes: ClassMistakes): void {
  const { step, compensates } = method;
  const isHandler = isHandlerMethod(method);
  if (method.every != null && method.subscriptions.length > 0 && method.debounce == null)
    mistakes.add(
      name,
      'it has @OnEvent and @Every',
      'Write a method for each, and let both call what they share',
    );
  if (method.debounce != null) checkDebounce(name, method, mistakes);
  if (isHandler && step !== null) {
    mistakes.add(
      name,
      'it is a handler and a step',
      `Write @${handlerTitle(method)} or @Step, and call the step from the handler`,
    );
  }
  if (compensates !== null && (isHandler || step !== null)) {
    mistakes.add(
      name,
      `it is a compensation and a ${isHandler ? 'handler' : 'step'}`,
      `Write @Compensate alone: what it undoes runs it, and it is a step by itself`,
    );
  }
  if (!isHandler && step === null && compensates === null) checkPolicies(name, method, mistakes);
  if (step !== null) checkStep(name, step, mistakes);
  checkOverride(type, name, method, mistakes);
}

/** Batches of one key run one after another: another limit of the whole has no place beside that. */
function checkDebounce(
  name: string,
  { subscriptions, every, concurrency }: MethodMetadata,
  mistakes: ClassMistakes,
): void {
  if (subscriptions.length > 1 || every != null)
    mistakes.add(
      name,
      `it has @Debounce and @${every == null ? 'OnEvent' : 'Every'}`,
      'Write a method for each, and let both call what they share',
    );
  if (concurrency !== null)
    mistakes.add(
      name,
      'it has @Debounce and @Concurrency',
      'Write @Concurrency on a step that it calls: batches of one key run one after another',
    );
}

function handlerTitle({ every, debounce }: MethodMetadata): string {
  if (debounce != null) return 'Debounce';
  return every == null ? 'OnEvent' : 'Every';
}

function checkPolicies(name: string, method: MethodMetadata, mistakes: ClassMistakes): void {
  const written = [
    method.retry === null ? null : '@Retry',
    method.timeout === null ? null : '@Timeout',
    method.concurrency === null ? null : '@Concurrency',
    method.rateLimit === null ? null : '@RateLimit',
  ].find((policy) => policy !== null);
  if (written === undefined) return;
  mistakes.add(
    name,
    `${written} stands on a method that is neither handler nor step`,
    'Add @Step(), @OnEvent(…), @Every(…) or @Debounce(…)',
  );
}

function checkStep(name: string, step: StepMetadata, mistakes: ClassMistakes): void {
  if (typeof step.atMostOnce !== 'boolean') {
    mistakes.add(name, `@Step has atMostOnce: ${show(step.atMostOnce)}`, 'Write true or false');
  }
  if (step.key !== null && typeof step.key !== 'function') {
    mistakes.add(
      name,
      `@Step has key: ${show(step.key)}`,
      'Write a function of the arguments: (user: User) => user.id',
    );
  }
}

/** A body that takes over without the decorator would not be the durable one. */
function checkOverride(type: AnyClass, name: string, method: MethodMetadata, mistakes: ClassMistakes): void {
  if (method.step === null && method.compensates === null) return;
  const owner = ownerOf(type, name);
  if (owner === undefined) return;
  const own = findOwnMetadata(owner)?.methods.get(name);
  if (method.step !== null && own?.step == null)
    mistakes.add(
      name,
      'it overrides a step of the class it extends, without @Step',
      'Write @Step() on it too',
    );
  else if (method.compensates !== null && (own === undefined || own.compensates === null))
    mistakes.add(
      name,
      'it overrides a compensation of the class it extends, without @Compensate',
      `Write @Compensate(${show(method.compensates)}) on it too`,
    );
}

/** The nearest class that defines the method: the one whose body a call runs. */
function ownerOf(type: AnyClass, name: string): AnyClass | undefined {
  return lineage(type).find((ancestor) => Object.hasOwn(ancestor.prototype, name));
}

function methodsOf(type: AnyClass): Map<string, PropertyDescriptor> {
  const methods = new Map<string, PropertyDescriptor>();
  for (const ancestor of lineage(type)) {
    for (const name of Object.getOwnPropertyNames(ancestor.prototype)) {
      const descriptor = Object.getOwnPropertyDescriptor(ancestor.prototype, name);
      if (name !== 'constructor' && descriptor !== undefined && !methods.has(name))
        methods.set(name, descriptor);
    }
  }
  return methods;
}
