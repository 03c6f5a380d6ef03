import { continueAsNew, defineEvent, OnEvent, waitFor, Worker } from 'holdfast';
import { TestApp } from '../../lib/entries/testing.js';
import { z } from 'zod';
const A = defineEvent('a', z.object({ id: z.string() }), { correlate: 'id' });
const B = defineEvent('b', z.object({ id: z.string() }));
@Worker('w')
class W {
  @OnEvent(A)
  @OnEvent(B)
  async go(event: { id: string; type?: string }): Promise<unknown> {
    if (!first) return (await waitFor(A, { key: event.id, timeout: '1h' })) === null ? 'none' : 'its own';
    first = false;
    return continueAsNew(B, { id: event.id });
  }
}
let first = true;
it('the event that started it does not count in a later turn of another event', async () => {
  await using app = await TestApp.create({ workers: [W] });
  const handle = (await app.publish(A, { id: 'x' })).of(W, 'go');
  await app.advance('2h');
  expect(await handle.result()).toBe('none');
});
