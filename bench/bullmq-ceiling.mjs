/**
 * W by hand in the form that the engine has with BullMQ: a job is a ticket, one grouped call leases what the tickets name, three keep
 * its steps, the last of them ends it, and then the job is complete. No guards, no lanes, no counts; nothing is ever taken over.
 */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { bullmqSubject } from './bullmq-subject.mjs';
import { grouped, PHASE } from './redis-ceilings.mjs';
import { stepResult } from './workload.mjs';

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

export function bullmqCeiling(aof, c) {
  return bullmqSubject(aof, c, async (_, server) => {
    const client = new Redis(server.url);
    const put = await grouped(client, 1, points);
    return {
      async process({ data: { id } }) {
        const { orderId } = JSON.parse(await put(id, 'fence', '1', PHASE.begin));
        for (let step = 0; step < 3; step++) {
          const result = await (async () => stepResult(orderId, step))();
          const row = JSON.stringify({ name: `step${step}`, at: Date.now(), result });
          await put(id, `s${step}`, row, step === 2 ? PHASE.end : PHASE.go);
        }
      },
      async jobsOf(events) {
        const jobs = events.map((event) => ({ id: `x:${randomUUID()}`, event }));
        const stored = client.pipeline();
        for (const { id, event } of jobs) stored.hset(id, 'event', JSON.stringify(event));
        await stored.exec();
        return jobs.map(({ id }) => ({ id, data: { id } }));
      },
      completed: ({ data }) => data.id,
      close: () => client.disconnect(),
    };
  });
}
