/** W on Holdfast over Redis, through its public API alone: in one process, and carried by BullMQ. */
import { entry, engineOn } from './engine.mjs';
import { redisServer } from './redis-server.mjs';
import { timed } from './workload.mjs';

const BULK = 500;

/** An app on a store in a server of its own; its dispatcher is the local one. */
export async function redisEngine(aof, c, form = {}) {
  const { redisStore } = await entry('redis');
  const server = await redisServer(aof);
  const engine = await engineOn(redisStore({ url: server.url }), c, form);
  await engine.app.start();
  return { ...engine, server, close: () => engine.close().then(server.stop) };
}

/** A publish does not wait for its hint: a drain begins when all are in the queue. */
async function allSent(app, count) {
  for (;;) {
    const { queues } = await app.stats();
    if (Object.values(queues.dispatcher).reduce((sum, { waiting }) => sum + waiting, 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The same with BullMQ as dispatcher: queues and store in one server. */
export async function bullmqEngine(aof, c) {
  const { redisStore } = await entry('redis');
  const { bullmqDispatcher } = await entry('bullmq');
  const server = await redisServer(aof);
  const connection = { host: '127.0.0.1', port: server.port };
  const made = (options) =>
    engineOn(redisStore({ url: server.url }), c, {
      options: { dispatcher: bullmqDispatcher({ connection }), ...options },
    });
  let looping = null;
  let publisher = null;

  return {
    durability: `appendonly ${aof}`,
    server,
    async one(i) {
      // Asked for many times at once: one app, not one for each.
      looping ??= made({}).then(async (engine) => {
        await engine.app.start();
        return engine;
      });
      return (await looping).one(i);
    },
    /** Published by one app, worked off by another that begins. */
    async drain(count) {
      if (publisher === null) {
        const first = await made({});
        await first.app.start();
        await first.close();
        publisher = await made({ role: 'publisher', workers: [] });
      }
      for (let from = 0; from < count; from += BULK)
        await publisher.publishMany(Math.min(BULK, count - from));
      await allSent(publisher.app, count);
      const { app, close } = await made({});
      let left = count;
      const done = new Promise((resolve) =>
        app.on('execution.completed', () => {
          if (--left === 0) resolve();
        }),
      );
      const measured = await timed(count, async () => {
        await app.start();
        await done;
      });
      await close();
      return measured;
    },
    async close() {
      await (await looping)?.close();
      await publisher?.close();
      await server.stop();
    },
  };
}
