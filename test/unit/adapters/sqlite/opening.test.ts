import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '../../../../lib/adapters/sqlite/migrate.js';
import { migrations } from '../../../../lib/adapters/sqlite/schema.js';
import { sqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import { ConfigurationError } from '../../../../lib/model/errors-boot.js';
import { StoreIncompatibleError, StoreUnavailableError } from '../../../../lib/model/errors-store.js';
import {
  connect,
  databaseClass,
  driverOf,
  execution,
  FileStores,
  orders,
  p1,
  publish,
  writeOne,
} from './file-store.js';

describe('opening a SQLite store', () => {
  let files: FileStores;
  beforeEach(() => {
    files = new FileStores();
  });
  afterEach(() => files.dispose());

  it('makes a private file in a private folder', async () => {
    const folder = join(files.folder, 'deep', '.holdfast');
    const path = join(folder, 'holdfast.db');
    const store = await files.open({ path });
    await writeOne(store, publish(execution()));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const side of ['', '-wal', '-shm']) expect(statSync(path + side).mode & 0o777).toBe(0o600);
  });

  it.each(['FULL', 'NORMAL'] as const)('says what synchronous=%s survives', (synchronous) => {
    const { durability } = sqliteStore({ path: files.path, synchronous });
    expect(durability).toBe(
      `WAL, synchronous=${synchronous} (survives a ${synchronous === 'FULL' ? 'power cut' : 'process crash'})`,
    );
  });

  it('is refused when the driver does not keep synchronous=FULL after the first write', async () => {
    const Database = await databaseClass();
    class Careless extends Database {
      override exec(sql: string): unknown {
        return super.exec(sql.replace('synchronous = FULL', 'synchronous = NORMAL'));
      }
    }
    const store = sqliteStore({ path: files.path, driver: driverOf(Careless) });
    await expect(store.open(files.context)).rejects.toThrow(StoreIncompatibleError);
  });

  it('is refused when the database is newer than the code', async () => {
    await (await files.open()).close();
    const connection = await connect(files.path);
    connection.exec(`UPDATE holdfast_schema SET version = ${migrations.length + 1}`);
    connection.close();
    await expect(sqliteStore(files.path).open(files.context)).rejects.toThrow(StoreIncompatibleError);
  });

  it('applies only the migrations that the database lacks, and keeps its data', async () => {
    const store = await files.open();
    const made = execution();
    await writeOne(store, publish(made));
    await store.close();
    const connection = await connect(files.path);
    migrate(connection, [...migrations, 'CREATE TABLE holdfast_later (n INTEGER PRIMARY KEY)']);
    migrate(connection, [...migrations, 'CREATE TABLE holdfast_later (n INTEGER PRIMARY KEY)']);
    expect(connection.prepare('SELECT version FROM holdfast_schema').all([])).toHaveLength(1);
    expect(connection.prepare<{ id: string }>('SELECT id FROM holdfast_execution').all([])).toHaveLength(1);
    connection.close();
  });

  it('works for several at once on a new file', async () => {
    const stores = await files.letPass(Promise.all(Array.from({ length: 5 }, () => files.open())));
    await files.letPass(Promise.all(stores.map((store) => writeOne(store, publish(execution())))));
    expect(await stores[0]?.list({ limit: 10 })).toHaveLength(5);
  });

  it('is refused for a file that is no database', async () => {
    writeFileSync(files.path, 'x'.repeat(4096));
    await expect(sqliteStore(files.path).open(files.context)).rejects.toThrow(StoreIncompatibleError);
  });

  it('rejects as unavailable where no file can be made', async () => {
    writeFileSync(join(files.folder, 'file'), '');
    const store = sqliteStore(join(files.folder, 'file', 'holdfast.db'));
    await expect(store.open(files.context)).rejects.toThrow(StoreUnavailableError);
    await expect(store.read(execution().id)).rejects.toThrow(StoreUnavailableError);
  });

  it.each([[''], ['a\0b']])('refuses %j as a path', (path) => {
    expect(() => sqliteStore(path)).toThrow(ConfigurationError);
  });

  it('can be tried again after it failed', async () => {
    const path = join(files.folder, 'later', 'holdfast.db');
    writeFileSync(join(files.folder, 'later'), '');
    const store = sqliteStore(path);
    await expect(store.open(files.context)).rejects.toThrow(StoreUnavailableError);
    const { rmSync } = await import('node:fs');
    rmSync(join(files.folder, 'later'));
    await store.open(files.context);
    await store.close();
    expect(existsSync(path)).toBe(true);
  });

  it('leaves an existing folder as it is', async () => {
    const folder = join(files.folder, 'mine');
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    await files.open({ path: join(folder, 'holdfast.db') });
    expect(statSync(folder).mode & 0o777).toBe(0o755);
  });

  it('is shared by the apps of one process until the last one closes', async () => {
    const store = await files.open();
    await store.open(files.context);
    await store.close();
    await writeOne(store, publish(execution()));
    await store.close();
    await expect(store.claim({ owner: p1, runnable: [orders], limit: 1 })).rejects.toThrow('not open');
    await store.open(files.context);
    expect(await store.list({ limit: 10 })).toHaveLength(1);
  });
});
