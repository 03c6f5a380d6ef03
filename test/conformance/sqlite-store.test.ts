import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import { describeStore } from '../../lib/testing/conformance/describe-store.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { sharedHarness } from './shared-harness.js';

describeStore(
  'sqlite store on a file',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
    const path = join(folder, 'holdfast.db');
    return sharedHarness(
      () => sqliteStore(path),
      () => rmSync(folder, { recursive: true, force: true }),
    );
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
