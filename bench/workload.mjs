/**
 * W, the work that everything here does: an event, and a handler of three sequential asynchronous no-op steps that each return
 * 103 bytes of JSON; every result checkpointed, the execution completed, its result awaited by whoever published.
 */

/** 103 bytes as JSON while `i` has one digit, and a few more later: the object of the ceilings, number for number. */
export function stepResult(i, step) {
  return {
    ok: true,
    step,
    item: `item-${i}`,
    amount: i * 7 + step,
    currency: 'EUR',
    note: 'a small result of a step....',
  };
}

export function eventOf(i) {
  return { id: `evt-${i}`, orderId: i, customer: `customer-${i % 1000}`, total: 1234.5 };
}

/** Runs `one(i)` with `c` under way at any time, for about `ms`; answers rate, CPU and latency. */
export async function closedLoop({ c, ms, one }) {
  const latencies = [];
  let next = 0;
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const end = begin + ms;
  await Promise.all(
    Array.from({ length: c }, async () => {
      for (let at = performance.now(); at < end; ) {
        await one(next++);
        const now = performance.now();
        latencies.push(now - at);
        at = now;
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  const quantile = (q) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))];
  return {
    count: next,
    perSecond: next / seconds,
    cpuMs: (user + system) / 1000 / next,
    p50: quantile(0.5),
    p99: quantile(0.99),
  };
}

/** Does `count` executions all at once; answers rate and CPU. */
export async function timed(count, body) {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await body();
  const ms = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  return { count, perSecond: (1_000 * count) / ms, cpuMs: (user + system) / 1_000 / count, p50: 0, p99: 0 };
}
