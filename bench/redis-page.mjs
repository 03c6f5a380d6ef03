import { availableParallelism, cpus, loadavg } from 'node:os';

const percent = (value) => `${Math.round(value * 100)} %`;
const times = (value) => `${value.toFixed(1)} ×`;
const whole = (value) => Math.round(value).toLocaleString('en').replace(/,/g, ' ');
const short = (value) => (value >= 10 ? value.toFixed(1) : value.toPrecision(2));
const micros = ({ cpuMs, serverCpuMs }) =>
  `${Math.round(cpuMs * 1_000)} + ${Math.round(serverCpuMs * 1_000)}`;

/** One measured comparison, as cells of a table. */
export function line(row) {
  const { title, c, bar, ratio, best, perSecond, p50, p99, other } = row;
  const shown = /BullMQ end to end|updateData/.test(title) ? times : percent;
  const verdict = bar === null ? '' : `${shown(bar)} ${ratio.low >= bar ? 'passed' : 'missed'}`;
  return `| ${[
    title,
    c,
    `${shown(ratio.median)} (${shown(ratio.low)} – ${shown(ratio.high)})`,
    verdict,
    `${whole(perSecond)} (${whole(other.perSecond)})`,
    `${micros(row)} (${micros(other)})`,
    p50 === 0 ? '' : `${short(p50)} / ${short(p99)} (${short(other.p50)} / ${short(other.p99)})`,
    best.replace(/^(ceiling )?(redis|bullmq) (off|always) /, ''),
  ].join(' | ')} |`;
}

const head = `| what | c | ratio | bar | executions/s | CPU µs, process + server | p50 / p99 ms | best other |
|---|---:|---:|---|---:|---:|---:|---|`;

/** The part of `RESULTS.md` on Redis and BullMQ. */
export function redisPage({ rows, counts }) {
  const of = (pattern) =>
    rows
      .filter(({ title }) => pattern.test(title))
      .toSorted(byTitle)
      .map(line);
  const [{ ms }] = rows;
  const rounds = [...new Set(rows.map((row) => row.rounds))].sort((a, b) => b - a).join(' or ');
  return `## Redis and BullMQ

Written by \`npm run bench:redis\`: ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown processor'}, Node ${process.versions.node}; Redis on the loopback, on
the same cores as its client, one server for each side. W is the work of the part above. Each ratio is the median over ${rounds} rounds of ${ms} ms, each side once
a round, with an interval that holds the true median with at least 95 %; a bar is passed when the whole interval is on its good side. Figures of the other side in
parentheses. Load average over the last quarter of an hour ${loadavg()[2]?.toFixed(1)}, of which this run makes about one: above that, other programs took part of the processor, and what makes the
most round trips loses most.

### The store, one process

The ceiling is the better of one EVALSHA for each durable point and of one EVALSHA for a group, with one or two of them under way (\`bench/redis-ceilings.mjs\`).

${head}
${of(/^Redis store, AOF \w+$/).join('\n')}

Against BullMQ from \`add\` to complete, at equal durability: the better of one job with \`updateData\` after each step and of three jobs in a chain.

${head}
${of(/BullMQ end to end$/).join('\n')}

### Carried by BullMQ

One job for an execution of three durable steps, against BullMQ's jobs without any steps, and with \`updateData\` after each of three; and what the same form gives by hand
(\`bench/bullmq-ceiling.mjs\`): a job is a ticket, one grouped EVALSHA leases, three keep the steps.

${head}
${of(/^BullMQ engine/).join('\n')}

### Commands of one execution

Sent, and called within scripts.

| what | c | sent | of them | within scripts |
|---|---:|---:|---|---:|
${counts.commands.map((each) => `| ${each.subject} | ${each.c} | ${each.sent.toFixed(2)} | ${listed(each.names)} | ${each.within.toFixed(1)} |`).join('\n')}

Jobs added for one execution: ${counts.commands
    .map((each) => (each.jobs === null ? null : `${each.subject}, c = ${each.c}: ${each.jobs.toFixed(2)}`))
    .filter((each) => each !== null)
    .join('; ')}.

### Idle

Commands a second of a started app, or worker, with nothing to do, over ${counts.idle[0].seconds} s.

| what | commands/s | which |
|---|---:|---|
${counts.idle.map((each) => `| ${each.subject} | ${each.perSecond.toFixed(2)} | ${listed(each.names)} |`).join('\n')}
`;
}

function byTitle(a, b) {
  return a.title === b.title ? a.c - b.c : a.title < b.title ? -1 : 1;
}

function listed(counts) {
  const parts = Object.entries(counts).filter(([, count]) => count >= 0.005);
  return parts.map(([name, count]) => `${Number(count.toFixed(2))} ${name}`).join(', ') || 'none';
}
