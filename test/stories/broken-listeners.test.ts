import { defineEvent, type Metrics, OnEvent, silentLogger, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({}));

@Worker('jobs')
class JobWorker {
  @OnEvent(Start)
  run(): void {}
}

let told: [message: string, details: unknown][] = [];
beforeEach(() => {
  told = [];
});

const logger = {
  ...silentLogger,
  error: (message: string, details: unknown) => void told.push([message, details]),
};

function broken(): never {
  throw new Error('metrics broke', { cause: 'no socket' });
}

test('a metrics object that throws is told by its method, the event and the causes', async () => {
  const metrics: Metrics = { increment: broken, timing: broken, gauge: broken };
  const app = await openApp([JobWorker], { logger, metrics });
  await app.execute(Start, {});
  const error = 'Error: metrics broke; cause: no socket';
  for (const [method, event] of [
    ['increment', 'execution.accepted'],
    ['timing', 'execution.completed'],
  ])
    expect(told).toContainEqual([`metrics.${method} failed`, { event, failures: 1, error }]);
});

test('a listener that throws or rejects is told by the name that it listens to', async () => {
  const app = await openApp([JobWorker], { logger });
  app.on('execution.completed', broken);
  app.on('*', (event) =>
    event.name === 'execution.started' ? Promise.reject(new TypeError('no')) : undefined,
  );
  await app.execute(Start, {});
  expect(told).toEqual([
    ["the listener of '*' failed", { event: 'execution.started', failures: 1, error: 'TypeError: no' }],
    ["the listener of 'execution.completed' failed", expect.objectContaining({ failures: 1 })],
  ]);
});

test('one that fails at every event is told at once, and then once a minute with how often', async () => {
  const app = await openApp([JobWorker], { logger });
  app.on('execution.completed', broken);
  for (let i = 0; i < 5; i++) await app.execute(Start, {});
  expect(told).toHaveLength(1);
  await app.advance('1 minute');
  await app.execute(Start, {});
  expect(told.slice(1)).toEqual([
    ["the listener of 'execution.completed' failed", expect.objectContaining({ failures: 6 })],
  ]);
});
