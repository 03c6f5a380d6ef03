import { Slots } from '../../../lib/dispatch/slots.js';
import type { ExecutionId } from '../../../lib/model/ids.js';

const idOf = (at: number): ExecutionId => `e-${at}` as ExecutionId;
const slotsOf = (): Slots => new Slots({ ended: () => {} });

test('whatever was taken and freed before and between questions, exactly the taken slots are found, and in order', () => {
  const slots = slotsOf();
  const taken = Array.from({ length: 60 }, (_, at) => slots.take(idOf(at), 1));
  for (const slot of taken) if (Number(slot.id.slice(2)) % 3 === 0) slots.free(slot);
  expect(slots.find(idOf(3))).toBeUndefined();
  expect(slots.find(idOf(4))).toBe(taken[4]);
  const late = slots.take(idOf(100), 1);
  const gone = slots.take(idOf(101), 1);
  slots.free(taken[59] as (typeof taken)[number]);
  slots.free(taken[1] as (typeof taken)[number]);
  slots.free(gone);
  expect([slots.find(idOf(1)), slots.find(idOf(59)), slots.find(gone.id)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(slots.find(late.id)).toBe(late);
  expect(slots.all().map(({ id }) => id)).toEqual([
    ...taken.filter(({ isFree }) => !isFree).map(({ id }) => id),
    late.id,
  ]);
  expect(slots.size).toBe(39);
  for (const slot of slots.all()) slots.free(slot);
  expect([slots.size, slots.all(), slots.find(late.id)]).toEqual([0, [], undefined]);
});

test('a slot that is freed twice counts once, and one taken anew under its id stays', () => {
  const slots = slotsOf();
  const first = slots.take(idOf(1), 1);
  expect(slots.find(first.id)).toBe(first);
  const second = slots.take(idOf(1), 2);
  expect(slots.find(first.id)).toBe(second);
  slots.free(first);
  slots.free(first);
  expect([slots.size, slots.find(first.id)]).toEqual([1, second]);
  expect([first.older, first.newer, first.run]).toEqual([null, null, null]);
});
