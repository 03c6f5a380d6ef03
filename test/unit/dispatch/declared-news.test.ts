import { DeclaredNews } from '../../../lib/dispatch/declared-news.js';
import { PausedDefinitions } from '../../../lib/dispatch/paused-definitions.js';
import { Subscriptions } from '../../../lib/dispatch/subscriptions.js';
import type { Declared, Store, Subscription } from '../../../lib/ports/store.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const SWEEP_MS = 5_000;
const definition = { id: 'orders.handle', fingerprint: 'f1' };
const placed: Subscription = { event: 'placed', definition, worker: 'orders', method: 'handle' };
const declared: Declared = { subscriptions: [placed], paused: ['orders.handle'], definitions: [definition] };
const nothing: Declared = { subscriptions: [], paused: [], definitions: [] };

/** `held`: what the store answers when it is read. */
function setup(held: Declared = nothing) {
  const clock = new ManualClock();
  const reads: string[] = [];
  const answers: (() => void)[] = [];
  const reading = <T>(name: string, value: T): Promise<T> => {
    reads.push(name);
    return new Promise((resolve) => answers.push(() => resolve(value)));
  };
  const store = {
    subscriptions: () => reading('subscriptions', held.subscriptions),
    paused: () => reading('paused', held.paused),
  } as unknown as Store;
  const subscriptions = new Subscriptions(store, clock, () => 2 * SWEEP_MS);
  const paused = new PausedDefinitions(store);
  const news = new DeclaredNews(subscriptions, paused, clock, () => SWEEP_MS);
  const known = () => [subscriptions.definitions(), paused.has('orders.handle')];
  return { clock, reads, answers, subscriptions, paused, news, known };
}

test('what a renewal told is not read by the sweeps of the next moments', () => {
  const { clock, news, known, subscriptions } = setup();
  expect(news.definitions).toBeNull();
  const { known: mark, answered } = news.ask();
  expect(mark).toBeUndefined();
  answered({ mark: 'm1', changed: declared });
  expect(known()).toEqual([['orders.handle'], true]);
  expect(news.definitions).toEqual([definition]);
  expect([news.readSubscriptions(), news.readPauses()]).toEqual([undefined, undefined]);
  expect(subscriptions.mayMiss({ name: 'placed', families: [] })).toBe(false);
  clock.advance(1.5 * SWEEP_MS + 1);
  expect(news.definitions).toBeNull();
});

test('a renewal that tells of no change counts as a reading', () => {
  const { clock, news, known, subscriptions } = setup();
  news.ask().answered({ mark: 'm1', changed: declared });
  for (let round = 0; round < 10; round++) {
    clock.advance(SWEEP_MS);
    const { known: mark, answered } = news.ask();
    expect(mark).toBe('m1');
    answered({ mark: 'm1' });
  }
  expect(known()).toEqual([['orders.handle'], true]);
  expect(news.definitions).toEqual([definition]);
  expect(subscriptions.mayMiss({ name: 'placed', families: [] })).toBe(false);
});

test('after a reading beside it, its mark is not what is known: the next renewal asks for everything', async () => {
  const { news, known, paused, answers } = setup();
  news.ask().answered({ mark: 'm1', changed: declared });
  const read = paused.refresh();
  answers[0]?.();
  await read;
  expect(known()).toEqual([['orders.handle'], false]);
  const { known: mark, answered } = news.ask();
  expect(mark).toBeUndefined();
  answered({ mark: 'm1', changed: declared });
  expect(known()).toEqual([['orders.handle'], true]);
  expect(news.ask().known).toBe('m1');
});

test('a renewal that was sent before a reading does not undo it', async () => {
  const { news, known, paused, answers } = setup(declared);
  const { answered } = news.ask();
  const read = paused.refresh();
  answers[0]?.();
  await read;
  answered({ mark: 'm0', changed: nothing });
  expect(known()).toEqual([[], true]);
  expect(news.definitions).toBeNull();
});

test('a reading that was sent before a renewal does not undo it', async () => {
  const { news, known, paused, subscriptions, answers } = setup();
  const reads = [paused.refresh(), subscriptions.refresh()];
  news.ask().answered({ mark: 'm1', changed: declared });
  for (const answer of answers) answer();
  await Promise.all(reads);
  expect(known()).toEqual([['orders.handle'], true]);
});

test('of renewals that overlap, the one that was sent last counts; one that nobody answers costs a full one', () => {
  const { news, known } = setup();
  const first = news.ask();
  const second = news.ask();
  second.answered({ mark: 'm2', changed: declared });
  first.answered({ mark: 'm1', changed: nothing });
  expect(known()).toEqual([['orders.handle'], true]);
  expect(news.ask().known).toBe('m2');
  expect(news.ask().known).toBeUndefined();
});

test('a store that does not tell is read by each sweep', async () => {
  const { news, reads, answers } = setup();
  news.ask().answered(undefined);
  expect(news.definitions).toBeNull();
  const [subscribed, held] = [news.readSubscriptions(), news.readPauses()];
  for (const answer of answers) answer();
  await subscribed;
  await held;
  expect(reads).toEqual(['subscriptions', 'paused']);
});
