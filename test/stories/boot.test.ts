import { defineEvent, memoryStore, OnEvent, Step, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));

@Worker('plain')
class Plain {
  @OnEvent(Start)
  async go({ n }: { n: number }): Promise<number> {
    return this.one(n);
  }

  @Step()
  one(n: number): number {
    return n;
  }
}

test('configure({ limits }) and configure({ retention }) keep what was set before', async () => {
  const app = await openApp([Plain], { limits: { eventBytes: 30 }, retention: { failed: '2d' } });
  app.configure({ limits: { keys: 5 } });
  app.configure({ retention: { completed: '1d' } });
  expect(app.options.limits).toMatchObject({ eventBytes: 30, keys: 5 });
  expect(app.options.retention).toEqual({ completed: '1d', failed: '2d' });
});

test('a when that answers something truthy takes the event, in the publishing process and in others', async () => {
  @Worker('truthy')
  class Truthy {
    @OnEvent(Start, { when: (({ n }: { n: number }) => n) as unknown as () => boolean })
    async go({ n }: { n: number }): Promise<number> {
      return n;
    }
  }
  const store = memoryStore();
  const app = await openApp([Truthy], { store });
  const web = await openApp([], { store, role: 'publisher' });
  const published = [await app.publish(Start, { n: 1 }), await web.publish(Start, { n: 1 })];
  await app.settle();
  const statuses = await Promise.all(published.map(async ({ executions }) => executions[0]?.status()));
  expect(statuses).toEqual(['completed', 'completed']);
  expect((await app.publish(Start, { n: 0 })).executions).toEqual([]);
});

test.each([
  [
    'throws',
    (): boolean => {
      throw new Error('bug in when');
    },
  ],
  [
    'rejects',
    async (): Promise<boolean> => {
      throw new Error('bug in when');
    },
  ],
])('a when that %s keeps no other handler from the event, and fails its own execution', async (_, when) => {
  @Worker('broken')
  class Broken {
    @OnEvent(Start, { when: when as () => boolean })
    async go(): Promise<number> {
      return 1;
    }
  }
  const app = await openApp([Broken, Plain]);
  const published = await app.publish(Start, { n: 7 });
  await app.advance('1 hour');
  expect(await published.of(Plain).result()).toBe(7);
  await expect(published.of(Broken).result()).rejects.toThrow('bug in when');
});
