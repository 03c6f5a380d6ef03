import { bootstrap, defineEvent, memoryStore, silentLogger, OnEvent, Retry, Step, Worker } from 'holdfast';
import { z } from 'zod';

const Sent = defineEvent('mail.sent', z.object({ to: z.string() }));

@Worker('mail')
class MailWorker {
  @OnEvent(Sent)
  async send({ to }: { to: string }): Promise<void> {
    try {
      await this.deliver(to);
    } catch (error) {
      if (to === 'first') throw (error as Error).cause ?? error;
      throw error;
    }
  }

  @Step()
  @Retry({ maxAttempts: 1 })
  async deliver(to: string): Promise<void> {
    const cause = new RangeError('no such mailbox');
    throw Object.assign(new Error(`550 for ${to}`, { cause }), { code: 'E550' });
  }
}

const parsed = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('errors of outcomes and steps say as JSON what they are, without their stack', async () => {
  await using app = await bootstrap({ workers: [MailWorker], store: memoryStore(), logger: silentLogger });
  await app.start();
  const execution = (await app.publish(Sent, { to: 'ann' })).of(MailWorker);
  const outcome = await execution.outcome();
  const [step] = await execution.steps();
  const told = {
    name: 'Error',
    message: '550 for ann',
    code: 'E550',
    cause: { name: 'RangeError', message: 'no such mailbox', code: null },
  };
  expect(parsed(step?.error)).toMatchObject(told);
  expect(parsed(outcome)).toMatchObject({
    success: false,
    error: { ...told, details: { failedStep: 'send/deliver', completedSteps: [] } },
  });
  expect(JSON.stringify([outcome, step])).not.toContain('"stack"');
  expect(Object.keys(step?.error as object)).toEqual(['code']);
  expect(step?.error).toEqual(Object.assign(new Error('550 for ann'), { code: 'E550' }));
});

test('an error whose cause is passed on says so, too', async () => {
  await using app = await bootstrap({ workers: [MailWorker], store: memoryStore(), logger: silentLogger });
  await app.start();
  const outcome = await (await app.publish(Sent, { to: 'first' })).of(MailWorker).outcome();
  if (outcome.success) throw new Error('it completed');
  expect(parsed(outcome.error)).toMatchObject({ name: 'RangeError', message: 'no such mailbox' });
  expect(outcome.error.toJSON()).toMatchObject({ name: 'RangeError' });
});
