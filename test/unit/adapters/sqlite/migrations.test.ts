import { checkpointTables, keyHash, tableOf } from '../../../../lib/adapters/sqlite/checkpoint-place.js';
import { migrations } from '../../../../lib/adapters/sqlite/schema.js';
import type { Lease } from '../../../../lib/model/lease.js';
import { checkpoint, connect, FileStores, p1, run, writeOne } from './file-store.js';

/** Two keys of one hash, and one of the next hash. */
function neighbours(): readonly [string, string, string] {
  const byHash = new Map<number, string>();
  const pairs = new Map<number, readonly [string, string]>();
  for (let i = 0; ; i++) {
    const key = `key-${i}`;
    const hash = keyHash(0, 0, key);
    const like = byHash.get(hash);
    if (like !== undefined) pairs.set(hash, [like, key]);
    byHash.set(hash, key);
    for (const at of [hash - 1, hash]) {
      const pair = pairs.get(at);
      const next = byHash.get(at + 1);
      if (pair !== undefined && next !== undefined) return [...pair, next];
    }
  }
}

const before = migrations.findIndex((step) => step.includes('holdfast_checkpoint_before'));
const tableBefore = /CREATE TABLE holdfast_checkpoint \([^;]+;/.exec(migrations[0] as string)?.[0];

const dropParts = `ALTER TABLE holdfast_execution RENAME COLUMN own_value TO value;
  ALTER TABLE holdfast_execution DROP COLUMN value_seq; DROP VIEW holdfast_journal; DELETE FROM holdfast_meta WHERE name = 'last-in-one-table';
  ${checkpointTables.map((table) => `DROP TABLE holdfast_checkpoint_${table};`).join('')}`;

describe('a database with an index of checkpoints', () => {
  const files = new FileStores();
  afterAll(() => files.dispose());

  it('keeps its journals, of keys with one hash too', async () => {
    const store = await files.open();
    const leases = [await run(store, p1), await run(store, p1)];
    await store.close();
    const keys = [...neighbours(), 'last'];
    const connection = await connect(files.path);
    connection.exec(`${dropParts} ${tableBefore}
      CREATE UNIQUE INDEX holdfast_checkpoint_key ON holdfast_checkpoint (n, hash);
      UPDATE holdfast_schema SET version = ${before}`);
    const insert = connection.prepare(
      `INSERT INTO holdfast_checkpoint (n, hash, seq, mark, kind, attempt, turn, epoch, ended_at, took, key, value)
        VALUES (?, ?, ?, ?, 0, 1, 0, 0, 1000, 0, ?, '1')`,
    );
    for (const { key: n } of leases)
      for (const [at, key] of keys.entries())
        insert.run([n, keyHash(0, 0, key) + (at - 2) * 2 ** 19, at + 1, 2 ** 24 + at + 1, key]);
    connection.close();
    const reopened = await files.open();
    const stored = async (lease: Lease) => (await reopened.journal(lease.executionId)).map(({ key }) => key);
    for (const lease of leases) {
      expect(await stored(lease)).toEqual(keys);
      for (const [at, key] of keys.entries()) {
        const again = await writeOne(reopened, checkpoint(lease, at + 1, key));
        expect(again).toEqual({ verdict: 'already' });
        const taken = await writeOne(reopened, checkpoint(lease, at + 11, key));
        expect(taken).toEqual({ verdict: 'rejected', reason: 'checkpoint-exists' });
      }
      expect(await writeOne(reopened, checkpoint(lease, 20, 'new'))).toEqual({ verdict: 'ok' });
      expect(await stored(lease)).toEqual([...keys, 'new']);
    }
  });
});

describe('a database with one table of checkpoints', () => {
  const files = new FileStores();
  afterAll(() => files.dispose());

  it('keeps its journals, which go on in that table, and those of later executions are spread', async () => {
    const store = await files.open();
    const old = await run(store, p1);
    await store.close();
    const keys = ['a~1', 'b~1', 'c~1', 'd~1'];
    const connection = await connect(files.path);
    const version = migrations.findIndex((step) => step.includes('holdfast_checkpoint_0'));
    const table = /CREATE TABLE holdfast_checkpoint \([^;]+;/.exec(migrations[version - 1] as string)?.[0];
    connection.exec(`${dropParts} ${table} UPDATE holdfast_schema SET version = ${version}`);
    const insert = connection.prepare(
      `INSERT INTO holdfast_checkpoint (place, seq, mark, kind, attempt, turn, epoch, ended_at, took, key, value)
        VALUES ((? << 20) | ?, ?, ?, 0, 1, 0, 0, 1000, 0, ?, '1')`,
    );
    for (const [at, key] of keys.entries())
      insert.run([old.key, keyHash(0, 0, key), at + 1, 2 ** 24 + at + 1, key]);
    connection.close();

    const reopened = await files.open();
    for (const [at, key] of keys.entries()) {
      expect(await writeOne(reopened, checkpoint(old, at + 1, key))).toEqual({ verdict: 'already' });
      const taken = await writeOne(reopened, checkpoint(old, at + 11, key));
      expect(taken).toEqual({ verdict: 'rejected', reason: 'checkpoint-exists' });
    }
    const young = await run(reopened, p1);
    for (const lease of [old, young])
      for (const [at, key] of ['a~2', 'b~2', 'c~2', 'd~2'].entries())
        expect(await writeOne(reopened, checkpoint(lease, at + 5, key))).toEqual({ verdict: 'ok' });
    expect(await reopened.journal(old.executionId)).toHaveLength(8);
    expect(await reopened.journal(young.executionId)).toHaveLength(4);
    await reopened.close();
    const other = await connect(files.path);
    for (const table of checkpointTables) {
      const select = `SELECT place >> 20 AS n FROM holdfast_checkpoint_${table}`;
      const found = other.prepare<{ n: number }>(select).all([]);
      const ofOld = found.filter(({ n }) => n === old.key);
      expect([ofOld.length, found.length - ofOld.length]).toEqual([table === 0 ? 8 : 0, 1]);
    }
    other.close();
  });

  it('the steps of the keys above are of different tables', () => {
    expect(new Set(['a~1', 'b~1', 'c~1', 'd~1'].map(tableOf))).toEqual(new Set(checkpointTables));
  });
});
