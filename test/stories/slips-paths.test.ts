import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, ConfigurationError, silentLogger, sqliteStore, StoreUnavailableError } from 'holdfast';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slips-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function boot(path: string): Promise<unknown> {
  return bootstrap({ store: sqliteStore(path), logger: silentLogger });
}

describe('a path where no database can be', () => {
  test('a folder', async () => {
    const booted = boot(folder);
    await expect(booted).rejects.toThrow(StoreUnavailableError);
    await expect(booted).rejects.toThrow(
      `the database file '${folder}' cannot be created (EISDIR): it is a folder. Write the path of a file in it`,
    );
  });

  test.each(['x.db', 'deep/down/x.db'])('below a file: %s', async (below) => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(boot(join(file, below))).rejects.toThrow(
      '(ENOTDIR): what stands before its name is a file, no folder. Write a path below a folder',
    );
  });

  // There Node's own mkdir with `recursive` never returns, nor lets the process be told to stop.
  test('below a folder that makes none', async () => {
    const path = existsSync('/proc/self') ? '/proc/nowhere/deep/x.db' : join(folder, '\0');
    await expect(async () => boot(path)).rejects.toThrow(
      /cannot be created \(ENOENT\): .*Write |is not possible/,
    );
  });

  test('folders that are missing are made, for nobody but the owner', async () => {
    const app = await bootstrap({ store: sqliteStore(join(folder, 'a/b/c.db')), logger: silentLogger });
    await app.close();
    expect(readdirSync(join(folder, 'a/b'))).toContain('c.db');
  });
});

describe('an address instead of a path says what to write', () => {
  test.each([
    ['sqlite:data/x.db', "an address of 'sqlite:' is no path. Write the path alone: 'data/x.db'"],
    ['file:x.db', "an address of 'file:' is no path. Write the path alone: 'x.db'"],
    ['memory:', "an address of 'memory:' is no path. Write ':memory:', or memoryStore() instead"],
    [
      'redis://ada:secret@localhost',
      "an address of 'redis:' is no path. Write redisStore({ url }) of 'holdfast/redis' instead",
    ],
    [
      'postgres://localhost/x',
      "an address of 'postgres:' is no path. Write the path of a file, or ':memory:'",
    ],
  ])('%s', (path, message) => {
    const make = (): unknown => sqliteStore(path);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
    expect(make).not.toThrow('secret');
  });

  test('a colon is no address, and a drive neither', () => {
    expect(() => sqliteStore('C:\\data\\x.db')).not.toThrow();
    expect(() => sqliteStore('./orders:2026.db')).not.toThrow();
    expect(() => sqliteStore('orders:2026.db')).not.toThrow();
  });
});
