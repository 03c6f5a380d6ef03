import type { ActorRole, ClassMetadata, MethodMetadata } from '../metadata/class-metadata.js';
import type { ActorPolicy } from '../model/keyed.js';
import type { RetryPolicy } from '../model/retry-policy.js';
import type { StateSource } from '../model/state-source.js';
import { compileKey } from './compile-key.js';
import { isStateSource } from './is-state-source.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const ROLES: readonly (readonly [ActorRole, string])[] = [
  ['alarm', '@OnAlarm'],
  ['idle', '@OnIdle'],
  ['error', '@OnError'],
];

/** What the class is as an actor; null: it is none, or cannot be one. Notes what cannot work. */
export function compileActor(
  id: string,
  { actor, methods, concurrency }: ClassMetadata,
  mistakes: ClassMistakes,
): ActorPolicy | null {
  if (actor === null) {
    for (const [name, method] of methods) refuseOutside(name, method, mistakes);
    return null;
  }
  const state = stateOf(actor.state, mistakes);
  const key =
    actor.key === undefined
      ? null
      : compileKey(actor.key, (found, write) => mistakes.add(null, `@Actor has ${found}`, write));
  if (typeof actor.key === 'function')
    mistakes.add(
      null,
      '@Actor has a function as its key',
      "Write the path of a field, 'orderId'; a function belongs to the event: @OnEvent(E, { key: (event) => event.id })",
    );
  if (concurrency !== null) refuseConcurrency(null, mistakes);
  const found = new Map<ActorRole, string>();
  for (const [name, method] of methods) {
    checkMethod(name, method, actor.key !== undefined, mistakes);
    const { actorRole } = method;
    if (actorRole === null) continue;
    const first = found.get(actorRole);
    const decorator = decoratorOf(actorRole);
    if (first !== undefined)
      mistakes.add(name, `${decorator} is also on '${first}'`, `Write one ${decorator} in a class`);
    found.set(actorRole, name);
  }
  if (![...methods.values()].some(({ subscriptions }) => subscriptions.length > 0))
    mistakes.add(
      null,
      'it is an actor, and has no @OnEvent',
      'Write @OnEvent(SomeEvent) on a method: messages create it',
    );
  if (state === null) return null;
  const alarm = found.get('alarm');
  return Object.freeze({
    kind: 'actor',
    key,
    state,
    alarm: alarm === undefined ? null : `${id}.${alarm}`,
    idle: found.get('idle') ?? null,
    error: found.get('error') ?? null,
  });
}

/** A message or a batch that fails for good is kept for a person, unless its `@Retry` has a hook for that. */
export function actorRetry(policy: RetryPolicy): RetryPolicy {
  if (policy.onExhausted !== null) return policy;
  return Object.freeze({ ...policy, whenExhausted: 'park' });
}

function stateOf(state: unknown, mistakes: ClassMistakes): StateSource | null {
  if (isStateSource(state)) return state;
  mistakes.add(
    null,
    state === undefined ? '@Actor has no state' : `@Actor has state: ${show(state)}`,
    "Name a class or a Standard Schema (zod, valibot…): @Actor({ state: OrderState, key: 'orderId' }); look for a circular import where it is undefined",
  );
  return null;
}

function checkMethod(name: string, method: MethodMetadata, hasKey: boolean, mistakes: ClassMistakes): void {
  const { subscriptions, every, actorRole, step, compensates, concurrency } = method;
  if (every != null)
    mistakes.add(
      name,
      '@Every is on a method of an actor',
      'Schedule in its methods with ctx.schedule() and write @OnAlarm(), or put the schedule into a worker',
    );
  if (subscriptions.some(({ key }) => key === undefined) && !hasKey)
    mistakes.add(
      name,
      'neither @Actor nor @OnEvent says where its event has the key',
      "Write @Actor({ state, key: 'orderId' }) or @OnEvent(E, { key: (event) => event.id })",
    );
  if (concurrency !== null && (subscriptions.length > 0 || actorRole === 'alarm'))
    refuseConcurrency(name, mistakes);
  if (actorRole === null) return;
  const decorator = decoratorOf(actorRole);
  const other =
    subscriptions.length > 0
      ? '@OnEvent'
      : step !== null
        ? '@Step'
        : compensates !== null
          ? '@Compensate'
          : null;
  if (other !== null)
    mistakes.add(
      name,
      `it has ${decorator} and ${other}`,
      'Write a method for each, and let both call what they share',
    );
}

function refuseConcurrency(member: string | null, mistakes: ClassMistakes): void {
  mistakes.add(
    member,
    '@Concurrency is on an actor',
    'Leave it out: one message of an id is handled at a time. Bound what its steps do: @Step() @Concurrency(5)',
  );
}

function refuseOutside(
  name: string,
  { actorRole, subscriptions }: MethodMetadata,
  mistakes: ClassMistakes,
): void {
  if (actorRole !== null)
    mistakes.add(
      name,
      `${decoratorOf(actorRole)} is on a method of a class that is no actor`,
      "Write @Actor({ state, key: 'orderId' }) on the class instead of @Worker()",
    );
  if (subscriptions.some(({ key }) => key !== undefined))
    mistakes.add(
      name,
      '@OnEvent has a key, and its class is no actor',
      'Write @Actor({ state, key }) on the class, or leave the key out',
    );
}

function decoratorOf(role: ActorRole): string {
  return ROLES.find(([each]) => each === role)?.[1] ?? role;
}
