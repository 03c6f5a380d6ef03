import { ChangeFeed } from '../../../../lib/adapters/redis/change-feed.js';
import type { Change } from '../../../../lib/ports/store.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

type Listener = (...args: string[]) => void;

/** A subscriber of which the test says what comes and when. */
class FakeSubscriber {
  readonly status = 'ready';
  readonly listeners = new Map<string, Listener[]>();
  answer: Promise<unknown> = Promise.resolve();

  subscribe(): Promise<unknown> {
    return this.answer;
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  emit(event: string, ...args: string[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...args);
  }

  ping(): Promise<unknown> {
    return this.answer;
  }

  disconnect(): void {}

  tell(notice: object, channel = 'c'): void {
    this.emit('message', channel, JSON.stringify(notice));
  }
}

async function listening(isShared = false) {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const context = { clock, random: { next: () => 0.5 }, warn: (message: string) => warnings.push(message) };
  const subscriber = new FakeSubscriber();
  const heard: Change[] = [];
  const feed = new ChangeFeed('own', new Set([(change) => heard.push(change)]), context, () => isShared);
  const turn = () => new Promise<void>((done) => clock.soon(done));
  return { feed, subscriber, heard, warnings, clock, turn, start: () => feed.listen(subscriber, 'c') };
}

test('what comes within one turn of the event loop is told together', async () => {
  const { subscriber, heard, turn, start } = await listening();
  await start();
  subscriber.tell({ g: 'other', s: ['a', 'b'] });
  subscriber.tell({ g: 'other', s: ['b', '\u0001d800'] });
  subscriber.tell({ g: 'other', d: true });
  await turn();
  expect(heard).toEqual([{ settled: ['a', 'b', '\ud800'], declared: true }]);
  subscriber.tell({ g: 'other', s: {} });
  await turn();
  expect(heard[1]).toEqual({ settled: [], declared: false });
});

test('only what is told without anything else has only settled', async () => {
  const { subscriber, heard, turn, start } = await listening();
  await start();
  const tellAll = async (...notices: readonly object[]) => {
    for (const notice of notices) subscriber.tell({ g: 'other', ...notice });
    await turn();
    return heard.splice(0);
  };
  expect(await tellAll({ s: ['a'], h: true, n: true })).toEqual([
    { settled: ['a'], declared: false, hinted: true, settledOnly: true },
  ]);
  expect(await tellAll({ s: ['b'], h: true, n: true }, { h: true })).toEqual([
    { settled: ['b'], declared: false, hinted: true },
  ]);
  expect(await tellAll({ h: true }, { s: ['c'], h: true, n: true })).toEqual([
    { settled: ['c'], declared: false, hinted: true },
  ]);
  expect(await tellAll({ s: ['d'], h: true, n: true })).toHaveLength(1);
});

test('of more than a thousand that settled any may be', async () => {
  const { subscriber, heard, turn, start } = await listening();
  await start();
  const ids = (from: number) => Array.from({ length: 600 }, (_, at) => `x${from + at}`);
  subscriber.tell({ g: 'other', s: ids(0) });
  subscriber.tell({ g: 'other', s: ids(600) });
  await turn();
  subscriber.tell({ g: 'other', s: true });
  await turn();
  subscriber.tell({ g: 'other', s: ['a'] });
  await turn();
  expect(heard.map(({ settled }) => settled)).toEqual(['unknown', 'unknown', ['a']]);
});

test('what its own store wrote it tells only when asked to, or when apps share the store', async () => {
  const { subscriber, heard, turn, start } = await listening();
  await start();
  subscriber.tell({ g: 'own', s: ['a'], d: true });
  await turn();
  expect(heard).toEqual([]);
  subscriber.tell({ g: 'own', s: ['a'], d: true, o: true });
  await turn();
  expect(heard).toEqual([{ settled: [], declared: false }]);
  const shared = await listening(true);
  await shared.start();
  shared.subscriber.tell({ g: 'own', s: ['a'] });
  await shared.turn();
  expect(shared.heard).toEqual([{ settled: ['a'], declared: false }]);
});

test('after a gap anything may have changed', async () => {
  const { subscriber, heard, turn, start } = await listening();
  await start();
  await turn();
  expect(heard).toEqual([]);
  subscriber.emit('ready');
  await turn();
  await turn();
  expect(heard).toEqual([{ settled: 'unknown', declared: true }]);
});

test('a subscription that fails or hangs is warned of, and told of when it is there', async () => {
  const refused = await listening();
  refused.subscriber.answer = Promise.reject(new Error('NOPERM no channel'));
  await refused.start();
  expect(refused.warnings).toEqual([expect.stringContaining('NOPERM no channel')]);

  const hanging = await listening();
  let answer!: () => void;
  hanging.subscriber.answer = new Promise<void>((resolve) => (answer = resolve));
  const started = hanging.start();
  hanging.clock.advance(5_000);
  await started;
  expect(hanging.warnings).toEqual([expect.stringContaining('no answer within 5000 ms')]);
  answer();
  await hanging.turn();
  await hanging.turn();
  expect(hanging.heard).toEqual([{ settled: 'unknown', declared: true }]);
});

test('what is no notice, of another channel, or comes after the end is not told', async () => {
  const { feed, subscriber, heard, turn, start } = await listening();
  await start();
  subscriber.emit('message', 'c', 'not json');
  subscriber.emit('message', 'c', 'null');
  subscriber.tell({ g: 'other', s: ['a'] }, 'another');
  await turn();
  subscriber.tell({ g: 'other', s: ['a'] });
  feed.end();
  await turn();
  expect(heard).toEqual([]);
});
