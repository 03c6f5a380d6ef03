/**
 * W by hand on Redis, as near to the server as it goes: a hash per execution, one index of what is open, the completion in the
 * last checkpoint's call. No guards, no leases, no lanes, no counts, no clean-up; nothing can be listed or resumed from it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { redisServer } from './redis-server.mjs';
import { eventOf, stepResult } from './workload.mjs';

/** What an item does besides keeping its field. */
export const PHASE = { begin: '0', go: '1', end: '2' };

/** ARGV: field, value, phase, instant. */
const onePoint = `
if ARGV[3] == '0' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2], 'status', 'running')
  redis.call('ZADD', KEYS[1], ARGV[4], KEYS[2])
elseif ARGV[3] == '2' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2], 'status', 'done')
  redis.call('ZREM', KEYS[1], KEYS[2])
else
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end`;

/** The same four arguments for each key after the first. */
const manyPoints = `
local open = KEYS[1]
for i = 2, #KEYS do
  local at = (i - 2) * 4
  local field, value, phase = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if phase == '0' then
    redis.call('HSET', KEYS[i], field, value, 'status', 'running')
    redis.call('ZADD', open, ARGV[at + 4], KEYS[i])
  elseif phase == '2' then
    redis.call('HSET', KEYS[i], field, value, 'status', 'done')
    redis.call('ZREM', open, KEYS[i])
  else
    redis.call('HSET', KEYS[i], field, value)
  end
end`;

async function loaded(client, script) {
  await client.script('LOAD', script);
  return createHash('sha1').update(script).digest('hex');
}

/** One EVALSHA for each durable point: what the connection pipelines by itself. */
async function eachPoint(client) {
  const sha = await loaded(client, onePoint);
  return (id, field, value, phase) => client.evalsha(sha, 2, 'open', id, field, value, phase, Date.now());
}

/**
 * What became ready while the calls before were under way goes in one; `lanes` of them may be. Each point gets its place in what the
 * script answers.
 */
export async function grouped(client, lanes, script = manyPoints) {
  const sha = await loaded(client, script);
  let gathered = [];
  let underWay = 0;
  let scheduled = false;
  const schedule = () => {
    if (scheduled || underWay === lanes || gathered.length === 0) return;
    scheduled = true;
    setImmediate(() => void flush());
  };
  const flush = async () => {
    scheduled = false;
    const group = gathered;
    gathered = [];
    underWay++;
    const keys = ['open'];
    const values = [];
    for (const { id, field, value, phase, at } of group) {
      keys.push(id);
      values.push(field, value, phase, at);
    }
    const answers = await client.evalsha(sha, keys.length, ...keys, ...values);
    underWay--;
    group.forEach(({ stored }, at) => stored(answers?.[at]));
    schedule();
  };
  return (id, field, value, phase) =>
    new Promise((stored) => {
      gathered.push({ id, field, value, phase, at: Date.now(), stored });
      schedule();
    });
}

/** `lanes`: calls that may be under way at once, each with a group; 0: a call for each point. */
export async function redisCeiling(aof, lanes) {
  const server = await redisServer(aof);
  const client = new Redis(server.url);
  const put = lanes === 0 ? await eachPoint(client) : await grouped(client, lanes);
  return {
    durability: `appendonly ${aof}`,
    server,
    async one(i) {
      const id = `x:${randomUUID()}`;
      await put(id, 'event', JSON.stringify(eventOf(i)), PHASE.begin);
      for (let step = 0; step < 3; step++) {
        const result = await (async () => stepResult(i, step))();
        const row = JSON.stringify({ name: `step${step}`, at: Date.now(), result });
        await put(id, `s${step}`, row, step === 2 ? PHASE.end : PHASE.go);
      }
    },
    async close() {
      client.disconnect();
      await server.stop();
    },
  };
}
