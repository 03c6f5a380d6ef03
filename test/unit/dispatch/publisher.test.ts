import { Scenario, valueOf } from '../engine/scenario.js';

test('a second publish of an explicit id starts nothing, though the first has ended in this process', async () => {
  const scenario = new Scenario({
    steps: { once: {} },
    handler: ({ step }) => step('once', [], () => 'value'),
  });
  await scenario.start();
  const first = await scenario.begin('same', { id: 'event-1' });
  await scenario.pass(1_000);
  const second = await scenario.begin('same', { id: 'event-1' });
  await scenario.pass(1_000);
  expect(second).toBe(first);
  expect(scenario.began).toEqual(['once#1']);
  expect(valueOf(await scenario.record(first))).toBe('value');
  expect(scenario.used).toBe(0);
});

test('a second publish of an explicit id, while the first runs here, leaves its slot alone', async () => {
  const scenario = new Scenario({
    steps: { once: {} },
    handler: ({ step, wait }) => step('once', [], () => wait(5_000)),
  });
  await scenario.start();
  await scenario.begin('same', { id: 'event-1' });
  await scenario.begin('same', { id: 'event-1' });
  expect(scenario.used).toBe(1);
  await scenario.pass(10_000);
  expect([scenario.used, scenario.began]).toEqual([0, ['once#1']]);
});

test('a publish whose answer was lost is stored once and runs once', async () => {
  let calls = 0;
  const scenario = new Scenario({
    steps: { once: {} },
    handler: ({ step }) => step('once', [], () => 'value'),
    wrapStore: (store) => {
      const write = store.write.bind(store);
      store.write = async (writes) => {
        const verdicts = await write(writes);
        if (writes[0]?.kind === 'publish' && ++calls === 1) throw new Error('the answer was lost');
        return verdicts;
      };
      return store;
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  expect((await scenario.record(id)).status).toBe('completed');
  expect([scenario.began, scenario.used]).toEqual([['once#1'], 0]);
});

test('a publish that the store refuses gives its slot back', async () => {
  const scenario = new Scenario({
    handler: () => 'value',
    settings: { concurrency: 1 },
    wrapStore: (store) => {
      const write = store.write.bind(store);
      let refused = 0;
      store.write = async (writes) => {
        if (writes[0]?.kind === 'publish' && ++refused <= 8) throw new Error('down');
        return write(writes);
      };
      return store;
    },
  });
  await scenario.start();
  await expect(scenario.begin()).rejects.toThrow('not accepted');
  await scenario.pass(20_000);
  expect(scenario.used).toBe(0);
  const id = await scenario.begin();
  await scenario.pass(100);
  expect((await scenario.record(id)).status).toBe('completed');
});
