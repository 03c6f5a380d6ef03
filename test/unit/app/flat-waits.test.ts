import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bootstrap, defineEvent, memoryStore, OnEvent, silentLogger, Worker, type WorkerApp } from 'holdfast';
import { systemClock } from '../../../lib/adapters/system/system-clock.js';
import type { Clock, Timer } from '../../../lib/ports/clock.js';
import { z } from 'zod';

const WAITS = Number(process.env['HOLDFAST_WAITS'] ?? 100_000);
const BATCH = 500;

const Ask = defineEvent('ask', z.object({ n: z.number() }));

@Worker('answers')
class AnswerWorker {
  @OnEvent(Ask)
  answer({ n }: { n: number }): number {
    return 2 * n;
  }
}

/** The machine's time, and how many timers are armed. */
class CountingClock implements Clock {
  readonly armed = new Set<Timer>();

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  soon(callback: () => void): void {
    systemClock.soon(callback);
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = systemClock.setTimer(delayMs, () => {
      this.armed.delete(counted);
      callback();
    });
    const counted: Timer = {
      cancel: () => {
        this.armed.delete(counted);
        timer.cancel();
      },
    };
    this.armed.add(counted);
    return counted;
  }
}

test(`${WAITS} waits for what another app runs leave nothing behind`, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const store = memoryStore({ keep: 1_000 });
  const clock = new CountingClock();
  const shared = { store, clock, logger: silentLogger };
  const caller = await bootstrap({ role: 'publisher', ...shared });
  const worker = await bootstrap({ workers: [AnswerWorker], concurrency: BATCH, ...shared });
  const open: readonly WorkerApp[] = [caller, worker];
  for (const app of open) await app.start();

  const wait = async (first: number): Promise<void> => {
    const asked = await caller.publishMany(
      Array.from({ length: BATCH }, (_, at) => [Ask, { n: first + at }] as const),
    );
    const options = first % (2 * BATCH) === 0 ? {} : { timeout: '1 minute' as const };
    const results = await Promise.all(asked.map((each) => each.of(AnswerWorker, 'answer').result(options)));
    expect(results).toEqual(results.map((_, at) => 2 * (first + at)));
  };
  const kept = async () => {
    // Whatever is told once per turn of the event loop has been told then.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    collect();
    return {
      waiting: open.map((app) => app['parts'].runtime.outcomes.waiting),
      listeners: [
        store['listeners'].size,
        process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
      ],
      timers: clock.armed.size,
      heap: process.memoryUsage().heapUsed,
    };
  };

  let at = 0;
  for (; at < WAITS / 5; at += BATCH) await wait(at);
  const before = await kept();
  for (; at < WAITS; at += BATCH) await wait(at);
  const after = await kept();
  expect(after.waiting).toEqual([0, 0]);
  expect(after.listeners).toEqual(before.listeners);
  expect(Math.abs(after.timers - before.timers)).toBeLessThanOrEqual(4);
  // What 80,000 waits would keep, if each kept 50 bytes.
  expect((after.heap - before.heap) / 2 ** 20).toBeLessThan(4);
  for (const app of open) await app.close();
  expect([store['listeners'].size, clock.armed.size]).toEqual([0, 0]);
}, 180_000);
