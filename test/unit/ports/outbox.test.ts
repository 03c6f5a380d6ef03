import { Outbox } from '../../../lib/ports/outbox.js';

const undelivered = (why: string, cause?: unknown): Error => new Error(`undelivered: ${why}`, { cause });

/** An outbox whose sendings end when the test says so. */
function held(limit: number, batch: number) {
  const sendings: {
    items: readonly number[];
    done: (answers: readonly string[]) => void;
    fail: (error: Error) => void;
  }[] = [];
  const outbox = new Outbox<number, string>({
    limit,
    batch,
    undelivered,
    send: (items) => new Promise((done, fail) => sendings.push({ items, done, fail })),
  });
  return { outbox, sendings };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes in one turn goes together, what comes meanwhile goes next, and each gets its own answer', async () => {
  const { outbox, sendings } = held(10, 3);
  const first = [outbox.add([1]), outbox.add([2, 3])];
  await turn();
  const second = [4, 5, 6, 7].map((item) => outbox.add([item]));
  expect(sendings.map(({ items }) => items)).toEqual([[1, 2, 3]]);
  expect(outbox.size).toEqual({ waiting: 4, running: 3 });
  sendings[0]?.done(['a', 'b', 'c']);
  expect(await Promise.all(first)).toEqual([['a'], ['b', 'c']]);
  await turn();
  sendings[1]?.done(['d', 'e', 'f']);
  await turn();
  sendings[2]?.done([]);
  expect(await Promise.all(second)).toEqual([['d'], ['e'], ['f'], [undefined]]);
  await outbox.idle();
  expect(outbox.size).toEqual({ waiting: 0, running: 0 });
});

test('beyond the limit none of those that come is taken, and what waits goes out all the same', async () => {
  const { outbox, sendings } = held(3, 10);
  const taken = outbox.add([1, 2]);
  await expect(outbox.add([3, 4])).rejects.toThrow('undelivered: 3 wait already');
  await turn();
  await expect(outbox.add([3, 4])).rejects.toThrow('undelivered: 3 wait already');
  sendings[0]?.done([]);
  await taken;
  expect(sendings.map(({ items }) => items)).toEqual([[1, 2]]);
});

test('a sending that fails is told to those that went with it, and the next one goes', async () => {
  const { outbox, sendings } = held(10, 1);
  const [lost, sent] = [outbox.add([1]), outbox.add([2])];
  await turn();
  sendings[0]?.fail(new Error('cut'));
  await expect(lost).rejects.toThrow('undelivered: cut');
  await turn();
  sendings[1]?.done(['ok']);
  expect(await sent).toEqual(['ok']);
});
