import { CLOCK, type Clock, defineEvent, OnEvent, PoisonedError, RateLimit, Step, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));
const Limited = defineEvent('limited', z.object({}));
const FIVE = [0, 1, 2, 3, 4] as const;
const STEP_MS = 40_000;

let poison = 0;
/** Its body has begun: the process is as good as gone. */
let isDoomed = false;

@Worker({ id: 'jobs', inject: [CLOCK] })
class Jobs {
  constructor(private readonly clock: Clock) {}

  @OnEvent(Start)
  async run({ n }: { n: number }): Promise<string> {
    return this.first(n);
  }

  @Step()
  async first(n: number): Promise<string> {
    if (n === poison) {
      isDoomed = true;
      await new Promise(() => {});
    }
    await new Promise<void>((resolve) => void this.clock.setTimer(STEP_MS, resolve));
    return `first ${n}`;
  }
}

test.each([1, 4])('of five jobs number %s kills its process: it is parked, and nothing else', async (at) => {
  poison = at;
  isDoomed = false;
  const app = await openApp([Jobs], { drainTimeout: '1s', onError: () => {} });
  const jobs = [];
  for (const n of FIVE) jobs.push((await app.publish(Start, { n })).of(Jobs));
  let lives = 1;
  for (let second = 0; second < 240; second += 2) {
    await app.advance('2s');
    if (isDoomed) {
      isDoomed = false;
      lives++;
      await app.crash();
      await app.restart();
    } else if (second < 100 && second % 8 === 6) {
      // A deploy: what runs is handed back as it was found, and taken again.
      const stopped = app.stop();
      await app.advance('1s');
      await stopped;
      await app.start();
    }
  }
  expect(lives).toBe(6);
  const poisoned = jobs.splice(poison, 1);
  await expect(poisoned[0]?.result()).rejects.toMatchObject({ cause: { code: PoisonedError.code } });
  const others = FIVE.filter((n) => n !== poison);
  expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(others.map((n) => `first ${n}`));
});

@Worker('limited')
class LimitedJobs {
  @OnEvent(Limited)
  @RateLimit({ limit: 1, per: '1 minute' })
  async run(): Promise<void> {
    isDoomed = true;
    await new Promise(() => {});
  }
}

test('what kills its process behind a rate is parked, although a deploy hands it back after each death', async () => {
  isDoomed = false;
  const app = await openApp([LimitedJobs], { drainTimeout: '1s', onError: () => {} });
  const job = (await app.publish(Limited, {})).of(LimitedJobs);
  let begun = 0;
  for (let at = 0; at < 150; at++) {
    await app.advance('5s');
    if (!isDoomed) continue;
    isDoomed = false;
    if (++begun % 2 === 1) {
      await app.crash();
      await app.restart();
    } else {
      const stopped = app.stop();
      await app.advance('1s');
      await stopped;
      await app.start();
    }
  }
  expect(await job.status()).toBe('parked');
  await expect(job.result()).rejects.toMatchObject({ cause: { code: PoisonedError.code } });
  expect(begun).toBeLessThan(12);
});
