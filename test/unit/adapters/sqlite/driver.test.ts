import { chooseDriver, type DriverHost, type SqliteDriver } from '../../../../lib/adapters/sqlite/driver.js';
import * as libsql from 'libsql';
import { DriverMissingError, StoreIncompatibleError } from '../../../../lib/model/errors-store.js';

class DatabaseSync {}
class LibsqlDatabase {}
class Passed {}

const asDriver = (value: unknown): SqliteDriver => value as SqliteDriver;

function host(over: Partial<DriverHost> = {}): DriverHost {
  return {
    nodeVersion: '24.21.0',
    builtin: () => ({ DatabaseSync }),
    libsql: async () => ({ default: LibsqlDatabase }),
    packageOf: () => null,
    ...over,
  };
}

describe('the SQLite driver', () => {
  it('is the one passed in before all others', async () => {
    expect((await chooseDriver(asDriver(Passed), host())).name).toBe('Passed');
    expect((await chooseDriver(asDriver({ default: Passed }), host())).name).toBe('Passed');
    expect((await chooseDriver(asDriver({ DatabaseSync }), host())).name).toBe('node:sqlite');
  });

  it('is node:sqlite where Node brings it', async () => {
    expect((await chooseDriver(undefined, host())).name).toBe('node:sqlite');
  });

  it('is libsql where Node brings none', async () => {
    expect((await chooseDriver(undefined, host({ builtin: () => undefined }))).name).toBe('libsql');
  });

  it('is named with the command that installs it when there is none', async () => {
    const cause = new Error('Cannot find package');
    const none = host({
      nodeVersion: '20.20.2',
      builtin: () => undefined,
      libsql: () => Promise.reject(cause),
    });
    const chosen = chooseDriver(undefined, none);
    await expect(chosen).rejects.toThrow(DriverMissingError);
    await expect(chosen).rejects.toMatchObject({ code: 'DRIVER_MISSING', cause });
    await expect(chosen).rejects.toThrow('npm install libsql');
  });

  it('answers each call of a statement by what that call gave it', async () => {
    const connection = (await chooseDriver(asDriver(libsql))).connect(':memory:');
    connection.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 0), (2, 0), (3, 5)');
    const select = connection.prepare<{ n: number }>('SELECT n FROM t WHERE v = ?');
    expect(select.all([0]).map(({ n }) => n)).toEqual([1, 2]);
    expect(select.get([5])?.n).toBe(3);
    expect(select.all([7])).toEqual([]);
    expect(select.get([0])?.n).toBe(1);
    connection.close();
  });

  const betterSqlite3 = (version: string, nodeVersion: string) =>
    chooseDriver(
      asDriver(Passed),
      host({ nodeVersion, packageOf: () => ({ name: 'better-sqlite3', version }) }),
    );

  it.each([
    ['13.2.0', '20.20.2'],
    ['14.0.0', '21.7.3'],
  ])(
    'is refused when it is better-sqlite3 %s on Node %s, which would crash',
    async (version, nodeVersion) => {
      await expect(betterSqlite3(version, nodeVersion)).rejects.toThrow(StoreIncompatibleError);
    },
  );

  it.each([
    ['13.2.0', '22.13.0'],
    ['12.11.1', '20.20.2'],
  ])('may be better-sqlite3 %s on Node %s', async (version, nodeVersion) => {
    expect((await betterSqlite3(version, nodeVersion)).name).toBe('better-sqlite3');
  });

  it('without a database class is refused', async () => {
    await expect(chooseDriver(asDriver({}), host())).rejects.toThrow(StoreIncompatibleError);
  });
});
