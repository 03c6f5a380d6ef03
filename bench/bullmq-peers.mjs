/** The same work on BullMQ alone, in the ways that its documentation shows; jobs are removed when they are complete, as is kindest to it. */
import { Queue, Worker } from 'bullmq';
import { redisServer } from './redis-server.mjs';
import { eventOf, stepResult, timed } from './workload.mjs';

const BULK = 500;

const processors = {
  /** One unit of work: no steps, nothing is kept but that it is done. */
  plain: () => async (job) => stepResult(job.data.event.orderId, 0),
  /** One job; what each of three steps gave is kept in the job's data. */
  steps: () => async (job) => {
    const { data } = job;
    let result;
    for (let step = 0; step < 3; step++) {
      result = await (async () => stepResult(data.event.orderId, step))();
      data[`s${step}`] = result;
      await job.updateData(data);
    }
    return result;
  },
  /** Three jobs, each added by the one before. */
  chain: (queue) => async (job) => {
    const { event, step, before } = job.data;
    const result = stepResult(event.orderId, step);
    if (step < 2)
      await queue.add('next', { event, step: step + 1, before: { ...before, [`s${step}`]: result } });
    return result;
  },
};

/** A queue and a worker with `c` slots in this process. */
export async function bullmqPeer(aof, mode, c) {
  const server = await redisServer(aof);
  const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
  const queue = new Queue('orders', { connection, defaultJobOptions: { removeOnComplete: true } });
  const process = processors[mode](queue);
  const waiting = new Map();
  let drained = () => {};
  let left = 0;
  const completed = ({ data }) => {
    if (mode === 'chain' && data.step < 2) return;
    waiting.get(data.event.id)?.();
    if (left > 0 && --left === 0) drained();
  };
  const workerOf = () => {
    const worker = new Worker('orders', process, { connection, concurrency: c, autorun: false });
    worker.on('completed', completed);
    worker.on('error', () => {});
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
        looping = workerOf();
        await looping.waitUntilReady();
        void looping.run();
      }
      const event = eventOf(i);
      const done = new Promise((resolve) => waiting.set(event.id, resolve));
      await queue.add('order', { event, step: 0 });
      await done;
      waiting.delete(event.id);
    },
    /** Jobs that are there already, worked off by a worker that begins. */
    async drain(count) {
      for (let from = 0; from < count; from += BULK) {
        const events = Array.from({ length: Math.min(BULK, count - from) }, (_, i) => eventOf(from + i));
        await queue.addBulk(events.map((event) => ({ name: 'order', data: { event, step: 0 } })));
      }
      const worker = workerOf();
      await worker.waitUntilReady();
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
      await server.stop();
    },
  };
}
