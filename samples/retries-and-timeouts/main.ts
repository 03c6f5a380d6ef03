// node --import @swc-node/register/esm-register samples/retries-and-timeouts/main.ts
import { setTimeout as pause } from 'node:timers/promises';
import {
  bootstrap,
  defineEvent,
  type EventData,
  execution,
  exponential,
  fixed,
  memoryStore,
  NonRetryableError,
  OnEvent,
  ParkedError,
  Retry,
  RetryAfterError,
  silentLogger,
  Step,
  Timeout,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const ReportAsked = defineEvent(
  'report.asked',
  z.object({ of: z.enum(['weather', 'stocks', 'secrets', 'archive']) }),
);
type ReportAsked = EventData<typeof ReportAsked>;

/** A provider with bad days. */
class Upstream {
  isRepaired = false;

  async weather(attempt: number): Promise<string> {
    if (attempt < 3) throw new Error('503');
    return 'sunny';
  }
  async stocks(attempt: number): Promise<string> {
    if (attempt === 1) throw new RetryAfterError('429 Too Many Requests', '250ms');
    return 'up';
  }
  async secrets(): Promise<string> {
    throw new NonRetryableError('403 Forbidden');
  }
  async archive(signal: AbortSignal): Promise<string> {
    if (!this.isRepaired) await pause(60_000, undefined, { signal }); // hangs, until it is told to stop
    return 'dusty';
  }
}

@Worker('reports')
@Retry({ maxAttempts: 5, backoff: exponential('50ms', { max: '1s' }) }) // the default of this class's steps
class ReportWorker {
  constructor(private readonly upstream: Upstream) {}

  @OnEvent(ReportAsked)
  async write(asked: ReportAsked): Promise<string> {
    return await this[asked.of]();
  }

  /** Waits between attempts are durable timers: they hold no slot and outlive the process. */
  @Step() weather(): Promise<string> {
    return this.upstream.weather(execution().attempt);
  }

  /** `RetryAfterError` decides the delay instead of the policy. */
  @Step() stocks(): Promise<string> {
    return this.upstream.stocks(execution().attempt);
  }

  /** `NonRetryableError` ends it at the first attempt. */
  @Step() secrets(): Promise<string> {
    return this.upstream.secrets();
  }

  /** Time is up after 100 ms: the signal is aborted. After two attempts the execution waits for a person. */
  @Step()
  @Timeout('100ms')
  @Retry({ maxAttempts: 2, backoff: fixed('50ms'), onExhausted: 'park' })
  archive(): Promise<string> {
    return this.upstream.archive(execution().signal);
  }
}

await using app = await bootstrap({
  workers: [ReportWorker],
  store: memoryStore(),
  logger: silentLogger,
});
app.on('step.retried', ({ step, attempt, error }) => {
  console.log(`  ${step}: attempt ${attempt} failed with ${String(error)}`);
});
app.on('step.failed', ({ step, attempt }) => console.log(`  ${step}: attempt ${attempt} failed`));
await app.start();

async function ask(of: ReportAsked['of']): Promise<void> {
  console.log(of);
  const report = (await app.publish(ReportAsked, { of })).of(ReportWorker, 'write');
  const outcome = await report.outcome();
  if (outcome.success) console.log('  =>', outcome.value);
  else if (outcome.error instanceof ParkedError) {
    console.log(`  => ${await report.status()}, because of ${String(outcome.error.cause)}`);
    app.get(Upstream).isRepaired = true;
    await report.resume(); // an operator, after the repair: it goes on with fresh attempts
    console.log('  => resumed:', await report.result());
  } else console.log('  => failed:', String(outcome.error));
}

await ask('weather');
await ask('stocks');
await ask('secrets');
await ask('archive');
