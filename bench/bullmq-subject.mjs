/** What is measured on BullMQ, whatever its jobs do: from `add` to complete, and jobs that are there already. */
import { Queue, Worker } from 'bullmq';
import { redisServer } from './redis-server.mjs';
import { eventOf, timed } from './workload.mjs';

const BULK = 500;

/**
 * A queue and a worker with `c` slots in this process. `workOf(queue, server)` gives `process` (a job), `jobsOf` (of some
 * events: the `id` and the `data` of each job), `completed` (the id that a job completes; undefined: none) and `close`.
 */
export async function bullmqSubject(aof, c, workOf) {
  const server = await redisServer(aof);
  const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
  const queue = new Queue('orders', { connection, defaultJobOptions: { removeOnComplete: true } });
  const work = await workOf(queue, server);
  const waiting = new Map();
  let drained = () => {};
  let left = 0;
  const completed = (job) => {
    const id = work.completed(job);
    if (id === undefined) return;
    waiting.get(id)?.();
    if (left > 0 && --left === 0) drained();
  };
  const workerOf = async () => {
    const worker = new Worker('orders', work.process, { connection, concurrency: c, autorun: false });
    worker.on('completed', completed);
    worker.on('error', () => {});
    await worker.waitUntilReady();
    return worker;
  };
  await queue.waitUntilReady();
  let looping = null;

  return {
    durability: `appendonly ${aof}`,
    server,
    /** From `add` to complete. */
    async one(i) {
      if (looping === null) {
        looping = await workerOf();
        void looping.run();
      }
      const [{ id, data }] = await work.jobsOf([eventOf(i)]);
      const done = new Promise((resolve) => waiting.set(id, resolve));
      await queue.add('order', data);
      await done;
      waiting.delete(id);
    },
    /** Jobs that are there already, worked off by a worker that begins. */
    async drain(count) {
      for (let from = 0; from < count; from += BULK) {
        const events = Array.from({ length: Math.min(BULK, count - from) }, (_, i) => eventOf(from + i));
        const jobs = await work.jobsOf(events);
        await queue.addBulk(jobs.map(({ data }) => ({ name: 'order', data })));
      }
      const worker = await workerOf();
      left = count;
      const done = new Promise((resolve) => (drained = resolve));
      const measured = await timed(count, () => {
        void worker.run();
        return done;
      });
      await worker.close();
      return measured;
    },
    async close() {
      await looping?.close();
      await queue.close();
      work.close();
      await server.stop();
    },
  };
}
