import { noRetryPolicy } from '../../../lib/model/retry-policy.js';
import { PassWrites } from '../../../lib/step/pass-writes.js';
import { Scenario, valueOf } from './scenario.js';

afterEach(() => jest.restoreAllMocks());

/** The next end of a pass cannot be made into a write. */
function breakNextEnd(): void {
  jest.spyOn(PassWrites.prototype, 'final').mockImplementationOnce(() => {
    throw new Error('no write can be made of it');
  });
}

test.each(['completed', 'failed'])(
  'a pass that %s and whose end cannot be written holds no slot, and is run again',
  async (status) => {
    let runs = 0;
    const scenario = new Scenario({
      definition: { retry: noRetryPolicy },
      steps: { charge: {} },
      handler: async ({ step }) => {
        runs++;
        await step('charge', [], () => 'charged');
        if (status === 'failed') throw new Error('no');
        return runs;
      },
    });
    await scenario.start();
    breakNextEnd();
    const id = await scenario.begin();
    await scenario.pass(200);
    expect(scenario.used).toBe(0);
    expect(scenario.simulation.events).toContainEqual(
      expect.objectContaining({ name: 'app.fault', task: 'end a pass' }),
    );
    await scenario.pass(60_000);
    const record = await scenario.record(id);
    expect(record.status).toBe(status);
    expect(valueOf(record)).toBe(status === 'completed' ? 2 : null);
    expect([runs, scenario.began]).toEqual([2, ['charge#1']]);
  },
);

test('one of a handler that never waits ends before the slot has it, and frees the slot all the same', async () => {
  let runs = 0;
  const scenario = new Scenario({ handler: () => ++runs });
  await scenario.start();
  breakNextEnd();
  const id = await scenario.begin();
  await scenario.pass(200);
  expect(scenario.used).toBe(0);
  await scenario.pass(60_000);
  expect([valueOf(await scenario.record(id)), runs]).toEqual([2, 2]);
});
