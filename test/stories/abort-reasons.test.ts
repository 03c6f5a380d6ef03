import { defineEvent, execution, fixed, OnEvent, Retry, Step, Timeout, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({}));

const reasons: unknown[] = [];
beforeEach(() => {
  reasons.length = 0;
});

@Worker('orders')
class OrderWorker {
  @OnEvent(Start)
  @Retry({ maxAttempts: 1 })
  async fulfil(): Promise<void> {
    await this.charge();
  }

  @Step()
  @Timeout('2 minutes')
  @Retry({ maxAttempts: 1, backoff: fixed('1s') })
  charge(): Promise<void> {
    const { signal } = execution();
    signal.addEventListener('abort', () => reasons.push(signal.reason));
    return new Promise(() => {});
  }
}

test('a timeout tells the step and its worker', async () => {
  const app = await openApp([OrderWorker]);
  const handle = (await app.publish(Start, {})).of(OrderWorker);
  await app.advance('2 minutes');
  const message = "step 'fulfil/charge' of worker 'orders' timed out after 120000ms";
  await expect(handle.result()).rejects.toMatchObject({ name: 'TimeoutError', message });
  expect(reasons).toEqual([expect.objectContaining({ message })]);
});

test('a lease that is lost, and a process that stops, are told as that', async () => {
  const app = await openApp([OrderWorker]);
  await app.publish(Start, {});
  await app.settle();
  await app.crash();
  expect(reasons.map(String)).toEqual(['Error: the lease was lost']);
  await app.restart();
  await app.settle();
  const stopped = app.stop();
  await app.advance('25s');
  await stopped;
  expect(reasons.map(String)).toEqual(['Error: the lease was lost', 'Error: shutdown']);
});
