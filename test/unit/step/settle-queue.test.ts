import { SettleQueue } from '../../../lib/step/settle-queue.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setup(mayPass: (seq: number) => boolean = () => true) {
  const settled: number[] = [];
  let idle = 0;
  const queue = new SettleQueue(new ManualClock(), mayPass, () => void idle++);
  const add = (seq: number): void => queue.add(seq, () => void settled.push(seq));
  return { queue, settled, add, idleTurns: () => idle };
}

test('results settle in journal order, one per turn, whatever order they came in', async () => {
  const { settled, add } = setup();
  for (const seq of [3, 1, 2]) add(seq);
  expect(settled).toEqual([]);
  const seen: number[][] = [];
  for (let count = 0; count < 4; count++) {
    await turn();
    seen.push([...settled]);
  }
  expect(seen.at(-1)).toEqual([1, 2, 3]);
  expect(seen.map(({ length }) => length)).toEqual([1, 2, 3, 3]);
});

test('a result that may not pass yet holds up those behind it', async () => {
  let open = false;
  const { settled, add } = setup((seq) => open || seq > 5);
  add(5);
  add(6);
  for (let count = 0; count < 3; count++) await turn();
  expect(settled).toEqual([]);
  open = true;
  for (let count = 0; count < 3; count++) await turn();
  expect(settled).toEqual([5, 6]);
});

test('a turn in which nothing settled is told', async () => {
  const { add, idleTurns } = setup();
  add(1);
  await turn();
  expect(idleTurns()).toBe(0);
  await turn();
  expect(idleTurns()).toBe(1);
});

test('a closed queue settles nothing', async () => {
  const { queue, settled, add, idleTurns } = setup();
  add(1);
  queue.close();
  await turn();
  await turn();
  expect([settled, idleTurns(), queue.empty]).toEqual([[], 0, true]);
});
