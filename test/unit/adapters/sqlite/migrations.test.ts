import { keyHash } from '../../../../lib/adapters/sqlite/key-hash.js';
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

describe('a database with an index of checkpoints', () => {
  const files = new FileStores();
  afterAll(() => files.dispose());

  it('keeps its journals, of keys with one hash too', async () => {
    const store = await files.open();
    const leases = [await run(store, p1), await run(store, p1)];
    await store.close();
    const keys = [...neighbours(), 'last'];
    const connection = await connect(files.path);
    connection.exec(`DROP TABLE holdfast_checkpoint; ${tableBefore}
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
