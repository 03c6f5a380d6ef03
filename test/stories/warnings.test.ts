import { Actor, type ActorContext, defineEvent, fixed, OnEvent, Retry, Worker, type Logger } from 'holdfast';
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
  readonly details: Readonly<Record<string, unknown>>;
}

function warnings(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (message, details) => void lines.push({ message, details: details ?? {} }),
  };
  return { lines, logger };
}

test('a handler that fails and is retried is warned of, a turn with its instance, unless the class logs less', async () => {
  const { lines, logger } = warnings();
  const app = await openApp([PlainWorker, TurnActor, QuietWorker], { logger });
  await app.publish(Begun, { id: 'a' });
  await app.advance('10s');
  const retried = lines.filter(({ message }) => message === 'handler failed and will be retried');
  expect(retried.map(({ details }) => [details['worker'], details['attempt'], details['error']])).toEqual(
    expect.arrayContaining([
      ['plain', 1, 'Error: the bank is down'],
      ['turns', 1, 'Error: the shop is closed'],
    ]),
  );
  expect(retried).toHaveLength(2);
  expect(retried.map(({ details }) => details['instanceId'])).toContain('actor:turns:a');
});
