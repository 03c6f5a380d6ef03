/** What is counted at the server. */

/** What clients send here; everything else is called by scripts. */
const SENT = /^(evalsha|eval|bzpopmin|subscribe|ssubscribe|hello|client\||script\||monitor)/;
/** What this page asks by itself. */
const OWN = /^(config\||info|keys|mget)/;

/** Commands while `body` runs: those that clients sent, by name, and how many scripts called. */
async function watched(server, body) {
  await server.forget();
  await body();
  const names = {};
  let within = 0;
  for (const [name, { calls }] of Object.entries(await server.calls()))
    if (SENT.test(name)) names[name] = calls;
    else if (!OWN.test(name)) within += calls;
  return { names, within };
}

/** Commands of one execution, once everything is warm. */
export async function commands(made, { c, count }) {
  await loop(made.one, c, 50 + c, 0);
  const jobsBefore = await jobsOf(made.server);
  const { names, within } = await watched(made.server, () => loop(made.one, c, count, 50 + c));
  const jobs = (await jobsOf(made.server)) - jobsBefore;
  const each = Object.fromEntries(Object.entries(names).map(([name, calls]) => [name, calls / count]));
  const sent = Object.values(each).reduce((sum, calls) => sum + calls, 0);
  return { names: each, sent, within: within / count, jobs: jobs === 0 ? null : jobs / count };
}

/** Commands a second of what was started and has nothing to do. */
export async function idleCommands(made, { seconds }) {
  await made.one(0);
  await pause(3_000);
  const { names } = await watched(made.server, () => pause(seconds * 1_000));
  const total = Object.values(names).reduce((sum, calls) => sum + calls, 0);
  const perSecond = Object.fromEntries(Object.entries(names).map(([name, calls]) => [name, calls / seconds]));
  return { perSecond: total / seconds, names: perSecond };
}

/** Every job that BullMQ adds takes the next number of its queue. */
async function jobsOf({ client }) {
  const counters = [...(await client.keys('bull:*:id')), ...(await client.keys('holdfast:*:id'))];
  if (counters.length === 0) return 0;
  return (await client.mget(counters)).reduce((sum, value) => sum + Number(value), 0);
}

async function loop(one, c, count, from) {
  let next = from;
  await Promise.all(
    Array.from({ length: c }, async () => {
      while (next < from + count) await one(next++);
    }),
  );
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
