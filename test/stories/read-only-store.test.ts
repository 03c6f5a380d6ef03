import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  ConfigurationError,
  defineEvent,
  NonRetryableError,
  OnEvent,
  silentLogger,
  sqliteStore,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ n: z.number() }));

@Worker('refuser')
class Refuser {
  @OnEvent(Placed)
  async handle(): Promise<never> {
    throw new NonRetryableError('no');
  }
}

const refusal = /sqliteStore\(\): readOnly: true, and something is to be written\. Leave it out/;

describe('a store that only reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
  const path = join(folder, 'holdfast.db');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('refuses at once whatever writes, by the name of the option, and reports all the same', async () => {
    const shared = { workers: [Refuser], logger: silentLogger };
    await using app = await bootstrap({ ...shared, store: sqliteStore(path) });
    await app.start();
    const { id } = (await app.publish(Placed, { n: 1 })).of(Refuser, 'handle');
    await app.execution(id).outcome({ timeout: '10s' });

    const store = sqliteStore({ path, readOnly: true });
    await using report = await bootstrap({ role: 'publisher', logger: silentLogger, store });
    for (const write of [
      () => report.execution(id).retry(),
      () => report.publish(Placed, { n: 2 }),
      () => report.start(),
      () => bootstrap({ ...shared, store: sqliteStore({ path, readOnly: true }) }),
    ]) {
      const error = await write().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(String(error)).toMatch(refusal);
    }
    expect((await report.executions.list({ status: 'failed' })).map((found) => found.id)).toEqual([id]);
  });
});
