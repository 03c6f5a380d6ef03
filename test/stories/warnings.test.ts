import {
  Actor,
  type ActorContext,
  bootstrap,
  defineEvent,
  fixed,
  memoryStore,
  NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  Worker,
  type Logger,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Begun = defineEvent('begun', z.object({ id: z.string() }));

class Count {
  n!: number;
}

@Worker('plain')
class PlainWorker {
  @OnEvent(Begun)
  @Retry({ maxAttempts: 2, backoff: fixed('1s') })
  run(): void {
    throw new Error('the bank is down');
  }
}

@Actor({ id: 'turns', state: Count, key: 'id' })
class TurnActor {
  @OnEvent(Begun)
  @Retry({ maxAttempts: 2, backoff: fixed('1s') })
  run(_: { id: string }, _ctx: ActorContext<Count>): void {
    throw new Error('the shop is closed');
  }
}

@Worker({ id: 'quiet', logLevel: 'error' })
class QuietWorker {
  @OnEvent(Begun)
  @Retry({ maxAttempts: 2, backoff: fixed('1s') })
  run(): void {
    throw new Error('nobody hears this');
  }
}

interface Line {
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

function warnings(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const note: Logger['warn'] = (message, details) => void lines.push({ message, details });
  const logger: Logger = { debug: () => {}, info: () => {}, error: note, warn: note };
  return { lines, logger };
}

test('a handler that fails and is retried is warned of, a turn with its instance, unless the class logs less', async () => {
  const { lines, logger } = warnings();
  const app = await openApp([PlainWorker, TurnActor, QuietWorker], { logger });
  await app.publish(Begun, { id: 'a' });
  await app.advance('10s');
  const retried = lines.filter(({ message }) => message === 'handler failed and will be retried');
  expect(
    retried.map(({ details }) => [details?.['worker'], details?.['attempt'], details?.['error']]),
  ).toEqual(
    expect.arrayContaining([
      ['plain', 1, 'Error: the bank is down'],
      ['turns', 1, 'Error: the shop is closed'],
    ]),
  );
  expect(retried).toHaveLength(2);
  expect(retried.map(({ details }) => details?.['instanceId'])).toContain('actor:turns:a');
});

const deep = Array.from({ length: 9 }).reduce<Error>(
  (cause, _, at) => new Error(`cause ${9 - at}`, { cause }),
  new Error('the ground'),
);
const circle = new Error('round');
circle.cause = circle;

test.each<[string, unknown, string]>([
  [
    'with what caused it',
    new NonRetryableError('could not fulfil', { cause: new TypeError('carrier says no', { cause: 'odd' }) }),
    'NonRetryableError: could not fulfil; cause: TypeError: carrier says no; cause: odd',
  ],
  ['four deep', deep, 'Error: cause 1; cause: Error: cause 2; cause: Error: cause 3; cause: Error: cause 4'],
  [
    'that causes itself',
    circle,
    'Error: round; cause: Error: round; cause: Error: round; cause: Error: round',
  ],
  ['that is none', 'no', 'no'],
])('an execution that fails is logged with its error, %s', async (_, thrown, told) => {
  @Worker('thrower')
  class ThrowWorker {
    @OnEvent(Begun)
    @Retry({ maxAttempts: 1 })
    run(): void {
      throw thrown;
    }
  }
  const { lines, logger } = warnings();
  const app = await openApp([ThrowWorker], { logger });
  await app.publish(Begun, { id: 'a' });
  await app.settle();
  const failed = lines.filter(({ message }) => message === 'execution failed');
  expect(failed.map(({ details }) => details?.['error'])).toEqual([told]);
});

test('what a store warns of reaches the logger with details, as all that Holdfast says', async () => {
  const { lines, logger } = warnings();
  const store = memoryStore();
  const open = store.open.bind(store);
  store.open = (context) => {
    context.warn('the disk is old');
    return open(context);
  };
  await (await bootstrap({ store, logger })).close();
  expect(lines).toEqual([{ message: 'the disk is old', details: {} }]);
});

@Worker('short')
class ShortWorker {
  @OnEvent(Begun)
  run({ id }: { id: string }): string {
    return id;
  }
}

test('a wait for a worker of an app that nobody has started is warned of, once, and goes on', async () => {
  const { lines, logger } = warnings();
  const clock = new VirtualClock();
  const app = await bootstrap({ workers: [ShortWorker], store: memoryStore(), logger, clock });
  const results = ['a', 'b'].map(async (id) => (await app.publish(Begun, { id })).of(ShortWorker).result());
  const pass = async (ms: number): Promise<void> => {
    const until = clock.now() + ms;
    do await new Promise((next) => setImmediate(next));
    while (clock.fireNext(until));
    clock.moveTo(until);
  };
  await pass(1_000);
  expect(lines).toEqual([]);
  await pass(5_000);
  expect(lines).toEqual([
    {
      message: expect.stringMatching(
        /^execution '.+' of 'short' is waited for, and this app has not been started/,
      ),
      details: {},
    },
  ]);
  await app.start();
  await expect(Promise.all(results)).resolves.toEqual(['a', 'b']);
  await app.close();
});

@Worker('sleeper')
class SleepWorker {
  @OnEvent(Begun)
  async run({ id }: { id: string }): Promise<string> {
    await sleep('30 days');
    return id;
  }
}

test('a test that awaits what only time can end is told how to move time, before its runner gives up', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  const app = await openApp([SleepWorker]);
  const result = (await app.publish(Begun, { id: 'a' })).of(SleepWorker).result();
  await new Promise((next) => setTimeout(next, 1_300));
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(
        /result\(\) of sleeper\.run \(execution .+\) waits for timer until 2026-01-31T00:00:00\.000Z, and time stands still/,
      ),
    ],
  ]);
  warn.mockRestore();
  await app.advance('30 days');
  await expect(result).resolves.toBe('a');
});
