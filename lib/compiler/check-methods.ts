import type { AnyClass, ClassMetadata, MethodMetadata } from '../metadata/class-metadata.js';
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

function checkName(name: string, mistakes: ClassMistakes): void {
  if (name.length <= LONGEST_NAME && NAME_SHAPE.test(name)) return;
  mistakes.add(
    name.slice(0, LONGEST_NAME),
    `its name ${show(name)} cannot stand in stored paths`,
    `Write an identifier of up to ${LONGEST_NAME} characters`,
  );
}

function checkRole(type: AnyClass, name: string, method: MethodMetadata, mistakes: ClassMistakes): void {
  const isHandler = method.subscriptions.length > 0;
  if (isHandler && method.step !== null) {
    mistakes.add(
      name,
      'it is a handler and a step',
      'Write @OnEvent or @Step, and call the step from the handler',
    );
  }
  if (!isHandler && method.step === null) {
    const policy = method.retry === null ? '@Timeout' : '@Retry';
    mistakes.add(
      name,
      `${policy} stands on a method that is neither handler nor step`,
      'Add @Step() or @OnEvent(…)',
    );
  }
  if (method.step !== null && typeof method.step.atMostOnce !== 'boolean') {
    mistakes.add(name, `@Step has atMostOnce: ${show(method.step.atMostOnce)}`, 'Write true or false');
  }
  if (method.step !== null && method.step.key !== null && typeof method.step.key !== 'function') {
    mistakes.add(
      name,
      `@Step has key: ${show(method.step.key)}`,
      'Write a function of the arguments: (user: User) => user.id',
    );
  }
  if (method.step === null) return;
  const owner = ownerOf(type, name);
  if (owner !== undefined && findOwnMetadata(owner)?.methods.get(name)?.step == null) {
    mistakes.add(
      name,
      `it overrides a step of the class it extends, without @Step`,
      'Write @Step() on it too',
    );
  }
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
