import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import type { EventId, ExecutionId } from '../../../../lib/model/ids.js';
import type { Write } from '../../../../lib/ports/store-write.js';
import { execution, FileStores, orders, p1, p2, publish, writeOne } from './file-store.js';

describe('what a row leaves out', () => {
  let files: FileStores;
  let store: SqliteStore;
  beforeEach(async () => {
    files = new FileStores();
    store = await files.open();
  });
  afterEach(() => files.dispose());

  it.each([
    ['e1', 'e1-0'],
    ['e1', 'e1-17'],
    ['e-1-', 'e-1--0'],
    ['', '-0'],
    ['e1', 'e10'],
    ['e1', 'e1-0-1'],
    ['e1', 'e2-0'],
    ['\0', '\0-0'],
    ['\ud800', '\ud800-\ud800'],
  ])('event %j of execution %j is read as it was', async (eventId, id) => {
    const made = execution({ id: id as ExecutionId, owner: p1 });
    const event = { id: eventId as EventId, name: 'n', session: null, dedup: null, executions: [made] };
    await writeOne(store, { kind: 'publish', events: [event] });
    expect(await store.read(made.id)).toMatchObject({ id, eventId });
  });

  const own = `d:${orders.id}`;
  it.each([own, 's:tenant', 'd:other.one', '', '1', '=1', '==', 'd:', `${own}x`, '1\0', '\0', '\ud800'])(
    'lane %j is read as it was',
    async (lane) => {
      for (const owner of [p1, null]) {
        const made = execution({ lane, owner });
        await writeOne(store, publish(made));
        expect(await store.read(made.id)).toMatchObject({ lane });
      }
    },
  );

  it('one definition has one lane whatever its fingerprint: the older goes first', async () => {
    const next = { ...orders, fingerprint: 'f2' };
    const made = [orders, next, orders].map((definition) => execution({ definition, lane: own }));
    for (const each of made) await writeOne(store, publish(each));
    const { claimed } = await store.claim({ owner: p2, runnable: [next, orders], limit: 3 });
    expect(claimed.map(({ record }) => record.id)).toEqual(made.map(({ id }) => id));
  });

  it('event names and schema hashes are each their own', async () => {
    const kinds = [
      ['a', null],
      ['a', ''],
      ['a', 'h'],
      ['b', null],
      ['a\0', 'h'],
    ] as const;
    const made = kinds.map(([, schemaHash]) => execution({ schemaHash }));
    const writes: Write[] = kinds.map(([name], at) => ({
      kind: 'publish',
      events: [
        {
          id: `e${at}` as EventId,
          name,
          session: null,
          dedup: null,
          executions: made.slice(at, at + 1),
        },
      ],
    }));
    await store.write(writes);
    for (const [at, [eventName, schemaHash]] of kinds.entries())
      expect(await store.read(made[at]?.id as ExecutionId)).toMatchObject({ eventName, schemaHash });
    const listed = await store.list({ event: 'a', limit: 10 });
    expect(listed.map(({ id }) => id)).toEqual(made.slice(0, 3).map(({ id }) => id));
  });
});
