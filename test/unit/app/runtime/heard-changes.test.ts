import {
  bootstrap,
  defineEvent,
  memoryStore,
  OnEvent,
  silentLogger,
  Worker,
} from '../../../../lib/entries/index.js';
import type { Change, Store } from '../../../../lib/ports/store.js';
import { z } from 'zod';

const Placed = defineEvent('heard.placed', z.object({}));

@Worker('heard')
class Heard {
  @OnEvent(Placed)
  handle(): void {}
}

test.each<[string, Partial<Change>, number]>([
  ['what has only settled', { hinted: true, settledOnly: true }, 0],
  ['what became due', { hinted: true }, 1],
  ['a message', {}, 1],
])('%s in another process sets off that many claims', async (_, change, expected) => {
  const store = memoryStore();
  let hear: (change: Change) => void = () => undefined;
  let claims = 0;
  const claim = store.claim.bind(store);
  const counting: Store = Object.assign(store, {
    claim: (request: Parameters<Store['claim']>[0]) => {
      claims++;
      return claim(request);
    },
    onChange: (listener: typeof hear) => {
      hear = listener;
      return () => undefined;
    },
  });
  const app = await bootstrap({ workers: [Heard], store: counting, logger: silentLogger });
  try {
    await app.start();
    await turns();
    claims = 0;
    hear({ settled: [], declared: false, ...change });
    await turns();
    expect(claims).toBe(expected);
  } finally {
    await app.close();
  }
});

/** Enough turns of the event loop for a claim of the memory store and all that follows it. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
