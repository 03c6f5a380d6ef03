import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { drizzle, type SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy';
import Database from 'libsql';

/** The shop's own data, apart from what Holdfast stores. */
export const orders = sqliteTable('orders', {
  id: text('id').primaryKey(),
  email: text('email').notNull(),
  total: integer('total').notNull(),
  status: text('status', { enum: ['placed', 'paid', 'declined', 'shipped', 'late'] }).notNull(),
});

export class ShopDatabase implements OnApplicationShutdown {
  constructor(
    readonly query: SqliteRemoteDatabase,
    private readonly connection: Database.Database,
  ) {}

  onApplicationShutdown(): void {
    this.connection.close();
  }
}

/** Opens the file, and makes it when there is none. `:memory:` for tests. */
export function openShopDatabase(path = '.holdfast/nest-shop.db'): ShopDatabase {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const connection = new Database(path);
  connection.exec(
    'CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, email TEXT NOT NULL, total INTEGER NOT NULL, status TEXT NOT NULL)',
  );
  const query = drizzle(async (sql, parameters, method) => {
    const statement = connection.prepare(sql);
    if (method !== 'run') return { rows: statement.raw().all(...parameters) as unknown[] };
    statement.run(...parameters);
    return { rows: [] };
  });
  return new ShopDatabase(query, connection);
}
