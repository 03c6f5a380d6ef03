import { defineEvent, localDispatcher, memoryStore, OnEvent, sleep, Step, step, Worker } from 'holdfast';
import {
  describeDispatcher,
  describeStore,
  dispatcherCases,
  ManualClock,
  storeCases,
  TestApp,
} from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

describeStore('I26 · a store is right when the published suite passes', async () => {
  const clock = new ManualClock();
  const context = { clock, random: { next: () => 0.5 }, warn: () => {} };
  const store = memoryStore();
  await store.open(context);
  return { store, clock, context, dispose: async () => store.close() };
});

describeDispatcher('I29 · a dispatcher is right when the published suite passes', async () => ({
  dispatcher: localDispatcher(),
  dispose: async () => {},
}));

test('the cases of both suites have names of their own', () => {
  const names = [...storeCases(), ...dispatcherCases()].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

const TrialBegan = defineEvent('trial.began', z.object({ userId: z.string() }));

class Mailer {
  readonly sent: string[] = [];
  async send(to: string, text: string): Promise<string> {
    return `${this.sent.push(`${text} to ${to}`)}`;
  }
}

@Worker('trials')
class TrialWorker {
  constructor(private readonly mailer: Mailer) {}

  @OnEvent(TrialBegan)
  async run({ userId }: { userId: string }): Promise<string> {
    const rate = await step('rate', () => 7);
    await this.mail(userId, `welcome at ${rate} %`);
    await sleep('30 days');
    return this.mail(userId, 'goodbye');
  }

  @Step()
  async mail(userId: string, text: string): Promise<string> {
    return this.mailer.send(userId, text);
  }
}

test('I41 · B24 · a test needs workers and providers, and no server, broker or mock of the framework', async () => {
  const mailer = new Mailer();
  const app = await TestApp.create({
    workers: [TrialWorker],
    providers: [{ provide: Mailer, useValue: mailer }],
  });
  const trial = (await app.publish(TrialBegan, { userId: 'ann' })).of(TrialWorker, 'run');
  await app.advance('30 days');
  expect([await trial.result(), mailer.sent]).toEqual(['2', ['welcome at 7 % to ann', 'goodbye to ann']]);
  await app.close();
});

test('B18 · B25 · one handler runs with results given for its steps, and stops before a step', async () => {
  const app = await openApp([TrialWorker]);
  const stopped = await app.run(TrialWorker, 'run', { userId: 'ann' }, { given: { rate: 3 }, until: 'mail' });
  expect([stopped.status, stopped.steps.map(({ path, value }) => [path, value])]).toEqual([
    'stopped',
    [['run/rate', 3]],
  ]);
  const run = await app.run(
    TrialWorker,
    'run',
    { userId: 'ann' },
    { given: { 'run/rate': 5, mail: 'given' } },
  );
  expect(run.status).toBe('waiting');
  await app.advance('30 days');
  expect([await run.handle.result(), app.get(Mailer).sent]).toEqual(['given', []]);
});

test('a worker that was registered later is there after a restart, as those of the options are', async () => {
  const app = await openApp([]);
  await app.register(TrialWorker);
  const trial = (await app.publish(TrialBegan, { userId: 'ann' })).of(TrialWorker, 'run');
  await app.settle();
  await app.crash();
  await app.restart();
  await app.advance('30 days');
  expect(await trial.status()).toBe('completed');
});
