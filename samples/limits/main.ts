// node --import @swc-node/register/esm-register samples/limits/main.ts
import { setTimeout as pause } from 'node:timers/promises';
import {
  bootstrap,
  Concurrency,
  defineEvent,
  type EventData,
  memoryStore,
  OnEvent,
  RateLimit,
  silentLogger,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const SyncAsked = defineEvent('sync.asked', z.object({ tenant: z.string(), page: z.number() }));
type SyncAsked = EventData<typeof SyncAsked>;

/** Where the numbers come from: read once, when the app is made. */
class AppConfig {
  readonly exports = 3;
  readonly callsPerSecond = 50;
}

/** Counts what runs at the same time. */
class Gauge {
  private readonly running = new Map<string, number>();
  readonly most = new Map<string, number>();
  readonly calls: number[] = [];

  async during(name: string, ms: number): Promise<void> {
    const now = (this.running.get(name) ?? 0) + 1;
    this.running.set(name, now);
    this.most.set(name, Math.max(now, this.most.get(name) ?? 0));
    await pause(ms);
    this.running.set(name, (this.running.get(name) ?? 1) - 1);
  }
}

@Worker('syncs')
class SyncWorker {
  constructor(private readonly gauge: Gauge) {}

  /** At most 2 executions of a tenant at the same time, in all processes. The rest are `waiting` and hold nothing. */
  @OnEvent(SyncAsked)
  @Concurrency({ limit: 2, key: 'tenant' })
  async sync(asked: SyncAsked): Promise<SyncAsked> {
    await this.gauge.during(`executions of ${asked.tenant}`, 5);
    return asked;
  }

  /** Attempts begin at the pace that the other side allows. Whoever comes too early waits; it is no failed attempt. */
  @Step({ after: 'sync' })
  @RateLimit({ from: AppConfig, limit: (config) => config.callsPerSecond, per: '1s' })
  async call({ page }: SyncAsked): Promise<number> {
    this.gauge.calls.push(Date.now());
    return page;
  }

  @Step({ after: 'call' })
  @Concurrency({ from: AppConfig, limit: (config) => config.exports })
  async export(page: number): Promise<string> {
    await this.gauge.during('exports', 10);
    return `page ${page}`;
  }
}

await using app = await bootstrap({
  workers: [SyncWorker],
  providers: [AppConfig, Gauge],
  store: memoryStore(),
  logger: silentLogger,
  concurrency: 100,
});
await app.start();

const wanted = ['big', 'small'].flatMap((tenant) =>
  Array.from({ length: tenant === 'big' ? 60 : 10 }, (_, page) => ({ tenant, page })),
);
const published = await app.publishMany(wanted.map((asked) => [SyncAsked, asked] as const));
const handles = published.map((each) => each.of(SyncWorker, 'sync'));
await Promise.all(handles.map((handle) => handle.result()));

const gauge = app.get(Gauge);
for (const [name, most] of [...gauge.most].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${name}: at most ${most} at once`);
const [first = 0] = gauge.calls;
console.log('calls:', gauge.calls.length, 'in at least 400 ms:', (gauge.calls.at(-1) ?? 0) - first >= 390);
const steps = await Promise.all(handles.map((handle) => handle.steps()));
console.log('attempts beyond the first:', steps.flat().filter(({ attempt }) => attempt > 1).length);
