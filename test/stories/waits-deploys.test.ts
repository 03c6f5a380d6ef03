import 'reflect-metadata';
import { IsString, MinLength } from 'class-validator';
import {
  defineEvent,
  Event,
  InvalidEventError,
  memoryStore,
  OnEvent,
  RenamedFrom,
  Step,
  waitFor,
  Worker,
} from '../../lib/entries/index.js';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Asked = defineEvent('asked', z.object({ id: z.string() }));

@Event('answered', { correlate: 'id' })
class Answered {
  @IsString() id!: string;
  @IsString() text!: string;
}

/** The same event as a later deploy has it. */
@Event('answered', { correlate: 'id' })
class AnsweredAtLength {
  @IsString() id!: string;
  @MinLength(10) text!: string;
}

@Worker('questions')
class Before {
  @OnEvent(Asked)
  async ask({ id }: { id: string }) {
    return await this.answer(id);
  }

  @Step()
  async answer(id: string) {
    return (await waitFor(Answered, { key: id })).text;
  }
}

@Worker('questions')
class Renamed {
  @OnEvent(Asked)
  async ask({ id }: { id: string }) {
    return await this.reply(id);
  }

  @Step()
  @RenamedFrom('answer')
  async reply(id: string) {
    const first = await waitFor(Answered, { key: id });
    return [first.text, (await waitFor(Answered, { key: id })).text];
  }
}

@Worker('questions')
class Stricter {
  @OnEvent(Asked)
  async ask({ id }: { id: string }) {
    return await this.answer(id);
  }

  @Step()
  async answer(id: string) {
    return (await waitFor(AnsweredAtLength, { key: id })).text;
  }
}

it('a wait within a step that was renamed is the same wait', async () => {
  const store = memoryStore();
  const app = await openApp([Before], { store });
  const { id } = (await app.publish(Asked, { id: 'q' })).of(Before);
  await app.settle();
  await app.close();
  const next = await openApp([Renamed], { store });
  await next.publish(Answered, { id: 'q', text: 'one' });
  await next.publish(Answered, { id: 'q', text: 'two' });
  await next.advance('1 hour');
  expect(await next.execution(id).result()).toEqual(['one', 'two']);
});

it.each([
  ['long enough for it', 'completed'],
  ['short', 'parked'],
])(
  'an event that a former schema checked is checked again before it is recorded: %s',
  async (text, status) => {
    const store = memoryStore();
    const app = await openApp([Before], { store });
    const handle = (await app.publish(Asked, { id: 'q' })).of(Before);
    await app.settle();
    await app.pause(Before);
    await app.publish(Answered, { id: 'q', text });
    await app.close();
    const next = await openApp([Stricter], { store });
    await next.resume(Stricter);
    await next.advance('1 hour');
    const found = next.execution(handle.id);
    expect(await found.status()).toBe(status);
    const result: unknown = await found.result().catch((error: Error) => error.cause);
    expect(result instanceof InvalidEventError ? 'refused' : result).toBe(
      status === 'parked' ? 'refused' : text,
    );
  },
);
