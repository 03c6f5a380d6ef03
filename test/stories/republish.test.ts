import {
  bootstrap,
  defineEvent,
  memoryStore,
  OnEvent,
  silentLogger,
  Step,
  type Store,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const Start = defineEvent('start', z.object({ n: z.number() }));

/** Holds back what it is asked to until it is opened. */
class Gate {
  private opened: Promise<void> = Promise.resolve();
  open: () => void = () => {};

  close(): void {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  /** A call that waits for the gate. */
  behind<Args extends readonly unknown[], Answer>(call: (...args: Args) => Promise<Answer>) {
    return async (...args: Args): Promise<Answer> => {
      await this.opened;
      return call(...args);
    };
  }
}

async function turns(): Promise<void> {
  for (let count = 0; count < 20; count++) await new Promise((resolve) => setImmediate(resolve));
}

test('an id published again while a claim of its execution is under way: its body runs once at a time', async () => {
  let starts = 0;
  const body = new Gate();
  body.close();
  @Worker('slow')
  class Slow {
    @OnEvent(Start)
    async go(): Promise<void> {
      await this.body();
    }

    @Step()
    async body(): Promise<number> {
      starts++;
      return body.behind(async () => 1)();
    }
  }
  const store: Store = memoryStore();
  const [claims, writes] = [new Gate(), new Gate()];
  Object.assign(store, {
    claim: claims.behind(store.claim.bind(store)),
    write: writes.behind(store.write.bind(store)),
  });
  const app = await bootstrap({ workers: [Slow], store, logger: silentLogger });
  const first = await app.publish(Start, { n: 1 }, { id: 'order-1' });
  claims.close();
  await app.start();
  await turns();
  writes.close();
  const again = app.publish(Start, { n: 1 }, { id: 'order-1' });
  await turns();
  claims.open();
  await turns();
  writes.open();
  expect((await again).of(Slow).id).toBe(first.of(Slow).id);
  await turns();
  const seen = starts;
  body.open();
  await first.of(Slow).result();
  await app.close();
  expect([seen, starts]).toEqual([1, 1]);
});
