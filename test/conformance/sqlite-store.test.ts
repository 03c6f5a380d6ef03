import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import type { Store } from '../../lib/ports/store.js';
import { describeStore } from '../../lib/testing/conformance/describe-store.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

describeStore(
  'sqlite store on a file',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
    const path = join(folder, 'holdfast.db');
    const clock = new ManualClock();
    const context = { clock, random: { next: () => 0.5 }, warn: () => undefined };
    const opened: Store[] = [];
    const open = async (): Promise<Store> => {
      const store = sqliteStore(path);
      await store.open(context);
      opened.push(store);
      return store;
    };
    const store = await open();
    return {
      store,
      clock,
      context,
      reopen: async () => {
        await store.close();
        return open();
      },
      second: open,
      dispose: async () => {
        for (const each of opened) await each.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
  { durable: true, shared: true },
);

describeStore('sqlite store in memory', async () => {
  const clock = new ManualClock();
  const context = { clock, random: { next: () => 0.5 }, warn: () => undefined };
  const store = sqliteStore(':memory:');
  await store.open(context);
  return { store, clock, context, dispose: () => store.close() };
});
