/**
 * W by hand in the form that the engine has with BullMQ: a job is a ticket, one grouped call leases what the tickets name, three keep
 * its steps, the last of them ends it, and then the job is complete. No guards, no lanes, no counts; nothing is ever taken over.
 */
import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { grouped, PHASE } from './redis-ceilings.mjs';
import { redisServer } from './redis-server.mjs';
import { eventOf, stepResult, timed } from './workload.mjs';

const BULK = 500;

/** ARGV for each key after the first: field, value, phase, instant. Answers what a lease asks for: the event. */
const points = `
local open, answers = KEYS[1], {}
for i = 2, #KEYS do
  local at = (i - 2) * 4
  local field, value, phase = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  answers[i - 1] = ''
  if phase == '0' then
    answers[i - 1] = redis.call('HGET', KEYS[i], 'event')
    redis.call('HSET', KEYS[i], field, value, 'status', 'running')
    redis.call('ZADD', open, ARGV[at + 4], KEYS[i])
  elseif phase == '2' then
    redis.call('HSET', KEYS[i], field, value, 'status', 'done')
    redis.call('ZREM', open, KEYS[i])
  else
    redis.call('HSET', KEYS[i], field, value)
  end
end
return answers`;

/** A queue and a worker with `c` slots in this process. */
export async function bullmqCeiling(aof, c) {
  const server = await redisServer(aof);
  const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
  const queue = new Queue('orders', { connection, defaultJobOptions: { removeOnComplete: true } });
  const client = new Redis(server.url);
  const put = await grouped(client, 1, points);
  const waiting = new Map();
  let drained = () => {};
  let left = 0;
  const pass = async ({ data: { id } }) => {
    const { orderId } = JSON.parse(await put(id, 'fence', '1', PHASE.begin));
    for (let step = 0; step < 3; step++) {
      const result = await (async () => stepResult(orderId, step))();
      const row = JSON.stringify({ name: `step${step}`, at: Date.now(), result });
      await put(id, `s${step}`, row, step === 2 ? PHASE.end : PHASE.go);
    }
  };
  const workerOf = () => {
    const worker = new Worker('orders', pass, { connection, concurrency: c, autorun: false });
    worker.on('completed', ({ data }) => {
      waiting.get(data.id)?.();
      if (left > 0 && --left === 0) drained();
    });
    worker.on('error', () => {});
    return worker;
  };
  const publish = async (events) => {
    const jobs = events.map((event) => ({ name: 'order', data: { id: `x:${randomUUID()}` }, event }));
    const stored = client.pipeline();
    for (const { data, event } of jobs) stored.hset(data.id, 'event', JSON.stringify(event));
    await stored.exec();
    return jobs.map(({ name, data }) => ({ name, data }));
  };
  await queue.waitUntilReady();
  let looping = null;

  return {
    durability: `appendonly ${aof}`,
    server,
    async one(i) {
      if (looping === null) {
        looping = workerOf();
        await looping.waitUntilReady();
        void looping.run();
      }
      const [{ name, data }] = await publish([eventOf(i)]);
      const done = new Promise((resolve) => waiting.set(data.id, resolve));
      await queue.add(name, data);
      await done;
      waiting.delete(data.id);
    },
    async drain(count) {
      for (let from = 0; from < count; from += BULK)
        await queue.addBulk(
          await publish(Array.from({ length: Math.min(BULK, count - from) }, (_, i) => eventOf(from + i))),
        );
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
      client.disconnect();
      await server.stop();
    },
  };
}
