import {
  AppClosedError,
  bootstrap,
  Debounce,
  defineEvent,
  Event,
  Every,
  ExecutionNotFoundError,
  memoryStore,
  OnEvent,
  silentLogger,
  sqliteStore,
  type Tick,
  Worker,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { IsDate, IsString } from 'class-validator';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

@Event('visit.booked')
class VisitBooked {
  @IsString() id!: string;
  @IsDate() at!: Date;
}

const Nothing = defineEvent('nothing', z.null());
const Counted = defineEvent('counted', z.object({ key: z.string(), n: z.number() }));

@Worker('visits')
class VisitWorker {
  @OnEvent(VisitBooked)
  async book({ id }: VisitBooked): Promise<string> {
    return id;
  }

  @OnEvent(Nothing)
  async nothing(): Promise<void> {}
}

@Worker('counts')
class CountWorker {
  @Debounce(Counted, { key: 'key', flushAfter: '1s' })
  async count(): Promise<void> {}

  @Every('1 minute')
  async tick(_: Tick): Promise<void> {}
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore({ path: join(folder, 'input.db') })],
])('the input of an execution can be read, on %s', async (_, store) => {
  await using app = await bootstrap({ workers: [VisitWorker], store: store(), logger: silentLogger });
  const at = new Date('2026-11-21T10:00:00Z');
  const visit = (await app.publish(VisitBooked, { id: 'v-1', at })).of(VisitWorker);
  const nothing = (await app.publish(Nothing, null)).of(VisitWorker, 'nothing');
  expect([await visit.input(), await nothing.input()]).toEqual([{ id: 'v-1', at }, null]);
  await app.start();
  await visit.result();
  expect(await app.execution(visit.id).input()).toStrictEqual({ id: 'v-1', at });
  await expect(app.execution('nobody').input()).rejects.toThrow(ExecutionNotFoundError);
  await app.close();
  await expect(visit.input()).rejects.toThrow(AppClosedError);
});

test('the input of a tick is its instant, that of a batch the event that opened it', async () => {
  await using app = await TestApp.create({ workers: [CountWorker] });
  const batch = (await app.publish(Counted, { key: 'a', n: 1 })).executions[0];
  await app.publish(Counted, { key: 'a', n: 2 });
  await app.advance('2 minutes');
  expect(await batch?.input()).toEqual({ key: 'a', n: 1 });
  const ticks = await app.executions.list({ worker: CountWorker, event: '*tick' });
  expect(ticks.length).toBeGreaterThan(0);
  for (const { id } of ticks)
    expect(await app.execution(id).input()).toEqual({ scheduledAt: expect.any(Number) });
});
