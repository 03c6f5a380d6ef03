import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineEvent, OnEvent, sqliteStore, Step, Worker } from 'holdfast';
import { z } from 'zod';
import { connect } from '../unit/adapters/sqlite/file-store.js';
import { openApp } from './support/open-apps.js';

const Asked = defineEvent('asked', z.object({ how: z.enum(['as it is', 'changed']), steps: z.number() }));

@Worker('answers')
class Answers {
  @OnEvent(Asked)
  async answer({ how, steps }: { how: string; steps: number }): Promise<object> {
    for (let n = 1; n < steps; n++) await this.look(n);
    const last = await this.look(steps);
    return how === 'changed' ? { ...last, n: -1 } : last;
  }

  @Step() async look(n: number): Promise<{ n: number; text: string }> {
    return { n, text: `ä ${n}` };
  }
}

test('a value that the last step gave is stored once, unless the journal is long; it is read as any other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-value-'));
  const path = join(folder, 'holdfast.db');
  const app = await openApp([Answers], { store: sqliteStore(path) });
  const ask = async (how: 'as it is' | 'changed', steps: number) => {
    const execution = (await app.publish(Asked, { how, steps })).of(Answers, 'answer');
    await app.settle();
    return [await execution.result(), await app.execution(execution.id).result()];
  };
  const found = (n: number, of: number) => ({ n, text: `ä ${of}` });
  expect(await ask('as it is', 3)).toEqual([found(3, 3), found(3, 3)]);
  expect(await ask('changed', 2)).toEqual([found(-1, 2), found(-1, 2)]);
  expect(await ask('as it is', 101)).toEqual([found(101, 101), found(101, 101)]);
  await app.close();
  const connection = await connect(path);
  const rows = connection
    .prepare<{ value_seq: number | null; own_value: string | null }>(
      'SELECT value_seq, own_value FROM holdfast_execution ORDER BY n',
    )
    .all([]);
  connection.close();
  rmSync(folder, { recursive: true });
  expect(rows.map(({ value_seq, own_value }) => [value_seq, own_value])).toEqual([
    [3, null],
    [null, '{"n":-1,"text":"ä 2"}'],
    [null, '{"n":101,"text":"ä 101"}'],
  ]);
});
