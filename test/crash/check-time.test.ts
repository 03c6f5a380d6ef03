import type { ExecutionId } from '../../lib/model/ids.js';
import { checkTime, type Turn } from './check-time.js';
import type { Line } from './history.js';
import { TICK_MS } from './workload.js';

const accepted = (event: string, n: number): Line => ({
  saw: 'accepted',
  eventId: `event-${n}`,
  event,
  executions: [`x-${n}`],
  pid: 1,
  at: 1,
});

const turn = (id: string, definition: string, over: Partial<Turn>): Turn => ({
  id: id as ExecutionId,
  definition: { id: definition, fingerprint: 'f' },
  status: 'completed',
  value: null,
  input: 'null',
  createdAt: 0,
  ...over,
});

const tick = (at: number, createdAt = at): Turn =>
  turn(`tick ${at} ${createdAt}`, 'torture-ticks.tick', { input: `{"scheduledAt":${at}}`, createdAt });

const batch = (id: string, ...numbers: number[]): Turn =>
  turn(id, 'torture-gather.gathered', { value: JSON.stringify(numbers) });

const lines = [accepted('told', 1), accepted('gathered', 2), accepted('gathered', 3)];
const actors = [{ name: 'actor:torture-actor:k1', applied: [1] }];
const executions = [tick(TICK_MS), tick(2 * TICK_MS), batch('b', 2, 3)];

test('nothing is said of a history in which all is well', () => {
  expect(checkTime({ lines, actors, executions })).toEqual([]);
});

test.each([
  ['an instant that ran twice', { executions: [...executions, tick(TICK_MS, 999)] }, 'two executions'],
  ['an instant that never ran', { executions: [...executions, tick(4 * TICK_MS)] }, 'no execution between'],
  ['a tick before its instant', { executions: [batch('b', 2, 3), tick(TICK_MS, 1)] }, 'at 1'],
  ['a message that was applied twice', { actors: [...actors, ...actors] }, 'applied 2 times'],
  ['a message that was lost', { actors: [] }, 'never applied'],
  ['an event in two batches', { executions: [...executions, batch('c', 3)] }, 'flushed by b and by c'],
  ['an event in no batch', { executions: [batch('b', 2)] }, 'never flushed'],
])('%s is found', (_name, change, said) => {
  expect(checkTime({ lines, actors, executions, ...change }).join()).toContain(said);
});
