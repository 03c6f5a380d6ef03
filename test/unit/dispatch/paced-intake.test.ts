import { Hinter } from '../../../lib/dispatch/hinter.js';
import type { Obtained, Wish } from '../../../lib/dispatch/consumer-options.js';
import { PacedIntake } from '../../../lib/dispatch/paced-intake.js';
import type { Run } from '../../../lib/engine/work.js';
import type { ExecutionRecord } from '../../../lib/model/execution.js';
import type { Hint } from '../../../lib/model/hint.js';
import type { ExecutionId } from '../../../lib/model/ids.js';
import type { Dispatcher } from '../../../lib/ports/dispatcher.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const idOf = (id: string): ExecutionId => id as ExecutionId;
const look = (wakeSeq = 0): Hint => hintOf('', 'orders.run', wakeSeq);

function hintOf(id: string, definition = 'orders.run', wakeSeq = 1): Hint {
  return {
    executionId: idOf(id),
    wakeSeq,
    route: { definition, session: null, priority: 0, dueAt: null },
  };
}

/** A consumer over a set of due executions, of which the test ends the runs. */
class FakeConsumer {
  readonly due = new Set<ExecutionId>();
  readonly ends = new Map<ExecutionId, () => void>();
  readonly wishes: (Wish & { readonly limit: number })[] = [];
  readonly taken: ExecutionId[] = [];
  private readonly runs = new Map<ExecutionId, Run>();
  slots = 4;
  /** Slots that something else has taken by the time of the claim. */
  stolen = 0;
  nextAt: number | null = null;
  fails = false;

  get room(): number {
    return this.slots - this.runs.size;
  }

  runOf(id: ExecutionId): Run | null {
    return this.runs.get(id) ?? null;
  }

  async obtain(wish: Wish, limit: number): Promise<Obtained | 'no room' | 'failed'> {
    await Promise.resolve();
    this.wishes.push({ ...wish, limit });
    if (this.fails) return 'failed';
    this.slots -= this.stolen;
    this.stolen = 0;
    if (this.room === 0) return 'no room';
    const most = Math.min(limit, this.room, 100);
    const wanted = ('ids' in wish ? wish.ids : [...this.due]).filter((id) => this.due.has(id));
    const runs = new Map(wanted.slice(0, most).map((id) => [id, this.begin(id)] as const));
    return { runs, nextAt: this.nextAt, more: this.due.size > 0 };
  }

  end(id: string): void {
    this.ends.get(idOf(id))?.();
  }

  private begin(id: ExecutionId): Run {
    this.due.delete(id);
    this.taken.push(id);
    const ended = new Promise<void>((resolve) => this.ends.set(id, resolve));
    const run = { ended, emptied: ended } as Run;
    this.runs.set(id, run);
    void ended.then(() => this.runs.delete(id));
    return run;
  }
}

function scene(options: { readonly read?: (id: ExecutionId) => Promise<ExecutionRecord | null> } = {}) {
  const consumer = new FakeConsumer();
  const clock = new ManualClock();
  const sent: Hint[] = [];
  const faults: string[] = [];
  const dispatcher: Dispatcher = {
    local: false,
    paces: true,
    start: async () => undefined,
    stop: async () => undefined,
    send: async (hints) => void sent.push(...hints),
  };
  const observer = {
    wants: () => true,
    emit: (event: { readonly name: string; readonly task?: string }) => void faults.push(`${event.task}`),
  };
  const runs = (): readonly string[] => ['orders.run', 'orders.other'];
  const common = { clock, observer, runs };
  const hinter = new Hinter({ ...common, dispatcher });
  const read = options.read ?? (async () => null);
  const intake = new PacedIntake({ ...common, hinter, consumer: () => consumer, store: { read } });
  intake.start();
  const state = (hint: Hint): { how: string } => {
    const told = { how: 'open' };
    intake.take(hint).then(
      () => void (told.how = 'over'),
      (error: Error) => void (told.how = error.message),
    );
    return told;
  };
  /** Whatever goes on without time passing. */
  const rest = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { consumer, clock, sent, faults, intake, take: state, rest };
}

const waiting = (id: string, dueAt: number): ExecutionRecord =>
  ({
    id: idOf(id),
    definition: { id: 'orders.run', fingerprint: 'f' },
    session: null,
    priority: 0,
    fence: 3,
    status: 'waiting',
    timers: { 'sleep:a': dueAt },
  }) as Partial<ExecutionRecord> as ExecutionRecord;

test('a ticket lasts as long as the pass of the execution that its hint names', async () => {
  const { consumer, take, rest } = scene();
  consumer.due.add(idOf('a'));
  const ticket = take(hintOf('a'));
  await rest();
  expect([consumer.taken, ticket.how]).toEqual([['a'], 'open']);
  consumer.end('a');
  await rest();
  expect(ticket.how).toBe('over');
});

test('a hint whose execution is taken already is good for another one of the same worker, and over when there is none', async () => {
  const { consumer, take, rest } = scene();
  consumer.due.add(idOf('b'));
  const first = take(hintOf('a'));
  await rest();
  const second = take(hintOf('c'));
  await rest();
  expect(consumer.wishes).toContainEqual({ worker: 'orders', limit: 1 });
  expect([consumer.taken, first.how, second.how]).toEqual([['b'], 'open', 'over']);
});

test('the same execution hinted at twice runs once, and both tickets last as long', async () => {
  const { consumer, take, rest } = scene();
  consumer.due.add(idOf('a'));
  const tickets = [take(hintOf('a')), take(hintOf('a', 'orders.run', 2))];
  await rest();
  tickets.push(take(hintOf('a', 'orders.run', 3)));
  await rest();
  expect(consumer.taken).toEqual(['a']);
  expect(tickets.map(({ how }) => how)).toEqual(['open', 'open', 'open']);
  consumer.end('a');
  await rest();
  expect(tickets.map(({ how }) => how)).toEqual(['over', 'over', 'over']);
});

test('an execution that is due again as its pass rests goes on by its ticket', async () => {
  const { consumer, intake, take, rest } = scene();
  consumer.due.add(idOf('a'));
  const ticket = take(hintOf('a'));
  await rest();
  expect([intake.again(idOf('a')), intake.again(idOf('b'))]).toEqual([true, false]);
  consumer.due.add(idOf('a'));
  consumer.end('a');
  await rest();
  expect([consumer.taken, ticket.how]).toEqual([['a', 'a'], 'open']);
  consumer.end('a');
  await rest();
  expect(ticket.how).toBe('over');
});

test('tickets wait for room', async () => {
  const { consumer, intake, take, rest } = scene();
  consumer.slots = 1;
  for (const id of ['a', 'b']) consumer.due.add(idOf(id));
  const tickets = [take(hintOf('a')), take(hintOf('b'))];
  await rest();
  expect(consumer.taken).toEqual(['a']);
  consumer.end('a');
  await rest();
  intake.serve();
  await rest();
  expect([consumer.taken, tickets.map(({ how }) => how)]).toEqual([
    ['a', 'b'],
    ['over', 'open'],
  ]);
});

test('more tickets than a claim answers: none is spent on nothing', async () => {
  const { consumer, take, rest } = scene();
  consumer.slots = 250;
  const ids = Array.from({ length: 250 }, (_, at) => `x${at}`);
  for (const id of ids) consumer.due.add(idOf(id));
  const tickets = ids.map((id) => take(hintOf(id)));
  await rest();
  expect(consumer.taken).toHaveLength(250);
  expect(tickets.filter(({ how }) => how !== 'open')).toEqual([]);
});

test('slots that were taken while the claim was under way leave no execution without a ticket', async () => {
  const { consumer, intake, take, rest } = scene();
  consumer.slots = 4;
  consumer.stolen = 2;
  for (const id of ['a', 'b', 'c', 'd']) consumer.due.add(idOf(id));
  const tickets = [take(look(1)), take(look(2)), take(look(3)), take(look(4))];
  await rest();
  consumer.slots = 4;
  intake.serve();
  await rest();
  expect(consumer.taken).toHaveLength(4);
  expect(tickets.map(({ how }) => how)).toEqual(['open', 'open', 'open', 'open']);
});

test('a look that finds more than it may take has two others go on', async () => {
  const { consumer, sent, take, rest } = scene();
  for (const id of ['a', 'b']) consumer.due.add(idOf(id));
  take(look());
  await rest();
  expect(consumer.taken).toEqual(['a']);
  expect(sent.map(({ executionId, route }) => [executionId, route?.definition])).toEqual([
    ['', 'orders.run'],
    ['', 'orders.run'],
  ]);
  expect(new Set(sent.map(({ wakeSeq }) => wakeSeq)).size).toBe(2);
});

test('a hint of a definition that does not run here is left to another process', async () => {
  const { consumer, take, rest } = scene();
  const ticket = take(hintOf('a', 'orders.newer'));
  await rest();
  expect(ticket.how).toBe('this process does not run orders.newer');
  expect(consumer.wishes).toHaveLength(1);
});

test.each([
  ['the machine is behind the store, or right', 60_000],
  ['the machine is ahead of the store', -60_000],
])('a hint that comes too early is sent again, each time under another id: %s', async (_, inMs) => {
  const due = { at: 0 };
  const { consumer, clock, sent, take, rest } = scene({ read: async (id) => waiting(id, due.at) });
  due.at = clock.now() + inMs;
  consumer.nextAt = due.at;
  const first = take(hintOf('a'));
  await rest();
  expect([first.how, sent.length]).toEqual(['over', 1]);
  clock.advance(100);
  take(sent[0] as Hint);
  await rest();
  const [one, two] = sent as [Hint, Hint];
  expect(one.route?.dueAt).toBeGreaterThanOrEqual(due.at);
  // The first may be on its way still: it has not come when the machine is right.
  const isNew = two.wakeSeq > one.wakeSeq;
  expect([isNew, two.route?.dueAt === due.at]).toEqual([inMs < 0, inMs > 0]);
});

test('a store that does not answer refuses tickets, and holds up no others', async () => {
  const { consumer, clock, faults, take, rest } = scene({ read: () => new Promise(() => undefined) });
  consumer.nextAt = clock.now() + 60_000;
  const silent = take(hintOf('a'));
  await rest();
  expect(silent.how).toBe('open');
  clock.advance(10_001);
  await rest();
  expect([silent.how, faults]).toEqual(['the store did not answer', ['send hints']]);
  consumer.fails = true;
  const failed = take(hintOf('b'));
  await rest();
  expect(failed.how).toBe('the store did not answer');
  consumer.fails = false;
  consumer.due.add(idOf('c'));
  const served = take(hintOf('c'));
  await rest();
  expect([consumer.taken, served.how]).toEqual([['c'], 'open']);
});

test('when the app stops: what waits is refused, what runs keeps its ticket, and what is due again is refused', async () => {
  const { consumer, intake, take, rest } = scene();
  consumer.slots = 2;
  for (const id of ['a', 'b', 'c']) consumer.due.add(idOf(id));
  const tickets = [take(hintOf('a')), take(hintOf('b')), take(hintOf('c'))];
  await rest();
  intake.stop();
  const late = take(hintOf('d'));
  await rest();
  expect([...tickets, late].map(({ how }) => how)).toEqual([
    'open',
    'open',
    expect.stringContaining('does not take work'),
    expect.stringContaining('does not take work'),
  ]);
  intake.again(idOf('b'));
  consumer.end('a');
  consumer.end('b');
  await rest();
  expect(tickets.map(({ how }) => how.slice(0, 4))).toEqual(['over', 'the ', 'the ']);
});

test('a stop while a claim is under way refuses what found no room', async () => {
  const { consumer, intake, take, rest } = scene();
  consumer.stolen = 4;
  const ticket = take(hintOf('a'));
  await new Promise((resolve) => setImmediate(resolve));
  intake.stop();
  await rest();
  expect(ticket.how).toContain('does not take work');
});
