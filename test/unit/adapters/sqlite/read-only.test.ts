import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrations } from '../../../../lib/adapters/sqlite/schema.js';
import { sqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import { ConfigurationError } from '../../../../lib/model/errors-boot.js';
import { StoreIncompatibleError } from '../../../../lib/model/errors-store.js';
import { connect, execution, FileStores, orders, publish, writeOne } from './file-store.js';

describe('a SQLite store that only reads', () => {
  let files: FileStores;
  beforeEach(() => {
    files = new FileStores();
  });
  afterEach(() => files.dispose());

  const readOnly = async (path = files.path) => {
    const store = sqliteStore({ path, readOnly: true });
    await store.open(files.context);
    return store;
  };

  it('reads beside a process that writes', async () => {
    const writer = await files.open();
    const made = execution();
    await writeOne(writer, publish(made));
    const reader = await readOnly();
    expect((await reader.read(made.id))?.definition).toMatchObject(orders);
    expect(await reader.definitions()).toMatchObject([orders]);
    const later = execution();
    await writeOne(writer, publish(later));
    expect((await reader.read(later.id))?.status).toBe('pending');
    await reader.close();
  });

  it('writes nothing, and names the option', async () => {
    const writer = await files.open();
    const made = execution();
    await writeOne(writer, publish(made));
    const reader = await readOnly();
    await expect(reader.write([publish(execution())])).rejects.toThrow(ConfigurationError);
    await expect(reader.setPaused([orders.id], true)).rejects.toThrow('sqliteStore(): readOnly');
    expect(await writer.paused()).toEqual([]);
    await reader.close();
  });

  it('makes no file', async () => {
    const path = join(files.folder, 'none', 'holdfast.db');
    await expect(readOnly(path)).rejects.toThrow(`there is no database '${path}'`);
    expect(existsSync(join(files.folder, 'none'))).toBe(false);
  });

  it('is refused on a database of another version, which it leaves as it is', async () => {
    await (await files.open()).close();
    const connection = await connect(files.path);
    connection.exec('UPDATE holdfast_schema SET version = 1');
    await expect(readOnly()).rejects.toThrow(
      `'${files.path}' has schema version 1, this version of Holdfast knows ${migrations.length}: start a worker with this version on it once`,
    );
    expect(connection.prepare('SELECT version FROM holdfast_schema').all([])).toEqual([{ version: 1 }]);
    connection.exec(`UPDATE holdfast_schema SET version = ${migrations.length + 1}`);
    await expect(readOnly()).rejects.toThrow('upgrade Holdfast in this process');
    connection.close();
  });

  it('is refused on files that are no databases of Holdfast', async () => {
    writeFileSync(files.path, 'no database, but long enough to be one '.repeat(40));
    await expect(readOnly()).rejects.toThrow(StoreIncompatibleError);
    const other = join(files.folder, 'other.db');
    const connection = await connect(other);
    connection.exec('CREATE TABLE orders (n INTEGER)');
    connection.close();
    await expect(readOnly(other)).rejects.toThrow('is no database of Holdfast');
  });

  it('is no store in memory', () => {
    expect(() => sqliteStore({ path: ':memory:', readOnly: true })).toThrow(ConfigurationError);
    expect(() => sqliteStore({ path: 'x', readOnly: 'yes' as never })).toThrow('sqliteStore(): readOnly');
  });
});
