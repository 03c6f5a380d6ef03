import {
  Concurrency,
  defineEvent,
  type Duration,
  execution,
  OnEvent,
  RetryAfterError,
  sleep,
  step,
  Worker,
  type WorkerClass,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({}));
const wrong: Duration = '2 dayz' as '2 days';

let attempts = 0;

function handling(body: () => Promise<unknown>): WorkerClass {
  @Worker('slips')
  class SlipWorker {
    @OnEvent(Start)
    go(): Promise<unknown> {
      attempts = execution().attempt;
      return body();
    }
  }
  return SlipWorker;
}

@Worker('keyed')
class KeyedWorker {
  @Concurrency({ limit: 1, key: () => ({}) as unknown as string })
  @OnEvent(Start)
  go(): void {}
}

test.each<[string, WorkerClass, string]>([
  ['a wrong duration of a sleep', handling(() => sleep(wrong)), "sleep() takes ms or text such as '30s'"],
  ['a step without a body', handling(() => step('rates', 5 as never)), 'step() takes a name and a function'],
  [
    'a wrong delay of a RetryAfterError',
    handling(() => Promise.reject(new RetryAfterError('busy', wrong))),
    "RetryAfterError takes ms or text such as '30s' or '5 minutes', not '2 dayz'",
  ],
  ['a limit whose key is no text', KeyedWorker, 'of a limit on keyed.go gave object: give text or a number'],
])('%s fails the execution at once: another attempt would end the same', async (_, worker, message) => {
  attempts = 1;
  const app = await openApp([worker]);
  const handle = (await app.publish(Start, {})).of(worker);
  await app.settle();
  await expect(handle.status()).resolves.toBe('failed');
  expect(attempts).toBe(1);
  const result = handle.result();
  await expect(result).rejects.toThrow(message);
  await expect(result).rejects.toMatchObject({ code: 'NON_RETRYABLE', retryable: false });
});
