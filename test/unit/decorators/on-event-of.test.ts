import { z } from 'zod';
import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { onEventOf } from '../../../lib/decorators/on-event-of.js';
import { Worker } from '../../../lib/decorators/worker.js';
import type { EventUnion, SchemaEvent } from '../../../lib/model/event-source.js';

const schema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('user.signup'), email: z.string() }),
  z.object({ type: z.literal('user.left'), reason: z.string() }),
]);
type User = z.output<typeof schema>;
type Signup = Extract<User, { type: 'user.signup' }>;

const union: EventUnion<User> = { kind: 'holdfast/events', id: 'users', schema };
const events = { OnEvent: onEventOf(union) };
const paid: SchemaEvent<{ total: number }> = {
  kind: 'holdfast/event',
  name: 'paid',
  schema: z.object({ total: z.number() }),
};

@Worker('users')
class UserWorker {
  @events.OnEvent('user.signup')
  member(_event: Signup): void {}

  @events.OnEvent(['user.signup', 'user.left'], { when: (event) => event.type === 'user.left' })
  members(_event: User): void {}

  @events.OnEvent((event): event is Signup => event.type === 'user.signup')
  guarded(_event: Signup): void {}

  @events.OnEvent((event) => event.type.startsWith('user.'), { description: 'all users' })
  predicate(_event: User): void {}

  @OnEvent(union)
  family(_event: User): void {}

  @OnEvent(paid)
  schemaEvent(_event: { total: number }): void {}
}

it('routes members by name, and guards over the whole union by its family', () => {
  const [definition] = compileWorkers([UserWorker]);
  expect(
    definition?.handlers.map(({ method, routes }) => [method, routes.map(({ event }) => event)]),
  ).toEqual([
    ['member', ['user.signup']],
    ['members', ['user.signup', 'user.left']],
    ['guarded', ['*users']],
    ['predicate', ['*users']],
    ['family', ['*users']],
    ['schemaEvent', ['paid']],
  ]);
});

it('asks guard, predicate and `when` about the event', () => {
  const [definition] = compileWorkers([UserWorker]);
  const signup: Signup = { type: 'user.signup', email: 'a@b.c' };
  expect(definition?.handlers.map(({ routes }) => routes[0]?.accepts?.(signup))).toEqual([
    undefined,
    false,
    true,
    true,
    undefined,
    undefined,
  ]);
  expect(definition?.handlers[3]?.description).toBe('all users');
});
