// node --import @swc-node/register/esm-register samples/daily-report/main.ts
import { bootstrap, Every, memoryStore, Retry, silentLogger, Step, type Tick, Worker } from 'holdfast';

class Shop {
  async sales(): Promise<readonly number[]> {
    return [19, 30, 7];
  }
}

@Worker('reports')
class ReportWorker {
  constructor(private readonly shop: Shop) {}

  /** One execution each working day at nine, Berlin time, whichever of the processes comes to it, also when clocks change. */
  @Every({ cron: '0 9 * * 1-5', timeZone: 'Europe/Berlin', misfire: 'skip' })
  async daily({ scheduledAt }: Tick): Promise<{ day: string; total: number }> {
    const sales = await this.load();
    return { day: inBerlin(scheduledAt).slice(0, 10), total: sales.reduce((sum, sale) => sum + sale, 0) };
  }

  @Step()
  load(): Promise<readonly number[]> {
    return this.shop.sales();
  }

  /** A step after the tick, as after any handler. */
  @Step({ after: 'daily' })
  async mail(report: { day: string; total: number }): Promise<void> {
    console.log(`mail: ${report.total} sold`);
  }

  /** The third of these fails: the schedule goes on. */
  @Every('200ms')
  @Retry({ maxAttempts: 1 })
  pulse(): string {
    if (++pulses === 3) throw new Error('a bad moment');
    return `pulse ${pulses}`;
  }
}

let pulses = 0;

function inBerlin(at: number): string {
  return new Date(at).toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' });
}

const app = await bootstrap({
  workers: [ReportWorker],
  providers: [Shop],
  store: memoryStore(),
  logger: silentLogger,
});
app.on('schedule.tick', ({ handler, scheduledAt }) => {
  console.log(`tick: ${handler}, ${scheduledAt % 200} ms off`);
});
const pulsed = new Promise<void>((resolve) => {
  const remove = app.on('execution.completed', ({ handler }) => {
    if (handler !== 'pulse' || pulses < 4) return;
    remove();
    resolve();
  });
});
await app.start();

for (const at of app.schedules.next(ReportWorker, 'daily', 3)) console.log(`next: ${inBerlin(at).slice(11)}`);

const execution = await app.schedules.trigger(ReportWorker, 'daily');
console.log('now:', (await execution.result()).total);

await pulsed;
await app.schedules.pause(ReportWorker, 'pulse');
for (const { id, timing, paused } of await app.schedules.list())
  console.log(`${id}: ${timing}${paused ? ', paused' : ''}`);
await app.close();
