import { execution, sleep, step } from '../../../lib/decorators/durable-functions.js';
import { NoCurrentExecutionError } from '../../../lib/model/errors-app.js';
import { type CurrentExecution, shared } from '../../../lib/ports/current-execution.js';

const asked: unknown[] = [];
const current: CurrentExecution = {
  context: { id: 'e-1' },
  app: {},
  step: () => Promise.reject(new Error('not asked for')),
  inline: ({ name }) => {
    asked.push(['inline', name]);
    return Promise.resolve('stored');
  },
  sleep: (ms) => {
    asked.push(['sleep', ms]);
    return Promise.resolve();
  },
  waitFor: () => Promise.reject(new Error('not asked for')),
  race: () => Promise.reject(new Error('not asked for')),
  run: () => Promise.reject(new Error('not asked for')),
  continueAsNew: () => Promise.reject(new Error('not asked for')),
  publish: () => Promise.reject(new Error('not asked for')),
  state: () => Promise.reject(new Error('not asked for')),
};
const inside = <Value>(body: () => Value): Value => shared().storage.run(current, body);

beforeEach(() => {
  asked.length = 0;
});

describe('inside an execution', () => {
  it('execution() is its context, also behind awaits', async () => {
    const id = await inside(async () => {
      await Promise.resolve();
      return execution().id;
    });
    expect(id).toBe('e-1');
  });

  it('step() gives what the execution stored', async () => {
    await expect(inside(() => step('rates', () => 'fresh'))).resolves.toBe('stored');
    expect(asked).toEqual([['inline', 'rates']]);
  });

  it('sleep() waits for the ms of its duration', async () => {
    await inside(() => sleep('2 days'));
    expect(asked).toEqual([['sleep', 172_800_000]]);
  });
});

describe('outside an execution', () => {
  it('execution() and sleep() throw NoCurrentExecutionError', async () => {
    expect(() => execution()).toThrow(NoCurrentExecutionError);
    await expect(sleep('1s')).rejects.toThrow(NoCurrentExecutionError);
  });

  it('step() just runs', async () => {
    await expect(step('rates', async () => 'fresh')).resolves.toBe('fresh');
    await expect(
      step('rates', () => {
        throw new Error('down');
      }),
    ).rejects.toThrow('down');
  });
});

it.each(['soon', -1, Number.NaN, '1 month'])('sleep(%p) is refused', async (duration) => {
  const refused = inside(() => sleep(duration as '1s'));
  await expect(refused).rejects.toThrow('sleep() takes ms or text');
  await expect(refused).rejects.toMatchObject({ code: 'NON_RETRYABLE', retryable: false });
});

const body = (): number => 1;

it.each<[unknown, unknown]>([
  ['', body],
  [5, body],
  ['name', 'no function'],
])('step(%p, %p) is refused', async (name, body) => {
  const call = (): Promise<unknown> => step(name as string, body as () => unknown);
  await expect(inside(call)).rejects.toThrow('step() takes a name and a function');
  await expect(inside(call)).rejects.toMatchObject({ code: 'NON_RETRYABLE', retryable: false });
});
