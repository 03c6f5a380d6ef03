import { defineEvent, OnEvent, race, step, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));

/** Compiles where a function without parameters is asked for, as `step` and `race` do. */
const page = (size: unknown = 'its default'): string => (typeof size === 'string' ? size : 'something else');

@Worker('pages')
class Pages {
  @OnEvent(Start)
  async go(): Promise<readonly string[]> {
    const raced = await race({ page });
    return [raced.value, await step('page', page)];
  }
}

it('a body of step() and of race() is called without arguments, in an execution as outside of one', async () => {
  const app = await openApp([Pages]);
  expect(await step('page', page)).toBe('its default');
  expect(await (await app.publish(Start, { n: 1 })).of(Pages, 'go').result()).toEqual([
    'its default',
    'its default',
  ]);
});
