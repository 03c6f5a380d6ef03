import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { standing } from './statistics.mjs';

const percent = (value) => `${Math.round(value * 100)} %`;
const whole = (value) => Math.round(value).toLocaleString('en').replace(/,/g, ' ');
const short = (value) => (value >= 10 ? value.toFixed(1) : value.toPrecision(2));

/** One measured line, as cells of the table. */
export function row({
  title,
  c,
  bar,
  ratio,
  perSecond,
  ceilingPerSecond,
  cpuMs,
  ceilingCpuMs,
  p50,
  p99,
  rssMb,
}) {
  const verdict = bar === null ? '' : `${percent(bar)} ${standing(ratio, bar)}`;
  const interval = `${percent(ratio.median)} (${percent(ratio.low)} – ${percent(ratio.high)})`;
  const micros = `${Math.round(cpuMs * 1000)} (${Math.round(ceilingCpuMs * 1000)})`;
  return `| ${[
    title,
    c,
    interval,
    verdict,
    `${whole(perSecond)} (${whole(ceilingPerSecond)})`,
    micros,
    `${short(p50)} / ${short(p99)}`,
    Math.round(rssMb),
  ].join(' | ')} |`;
}

const table = (rows) => `| store | c | of the ceiling | bar | executions/s | CPU µs | p50 / p99 ms | peak MB |
|---|---:|---:|---|---:|---:|---:|---:|
${rows.map(row).join('\n')}`;

/** The part of `RESULTS.md` on a slower disk. */
export function diskPage({ rows, slowerMicros, pairs, ms }) {
  return `## SQLite on a slower disk

Written by \`npm run bench -- --slower-us=${slowerMicros}\`. Holdfast waits for the disk five times where the ceiling waits four times, and computes
twice as long: the ratio is another one on each disk, and the lower the faster the disk is. Here each \`COMMIT\` of both sides was
made to take ${slowerMicros} µs longer than above. All else is as above, with ${pairs} pairs of ${ms} ms.

${table(rows)}
`;
}

/** The part of `RESULTS.md` on the stores in memory and in a file: what was measured, on what, and how to measure it again. */
export function resultsPage({ rows, probes, pairs, ms }) {
  const kernel = `Linux ${readFileSync('/proc/version', 'utf8').split(' ')[2].split('-')[0]}`;
  const durabilities = new Map(rows.map((each) => [each.title.split(',')[0], each]));
  return `## Memory and SQLite

Written by \`npm run bench\`. ${kernel}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB,
Node ${process.versions.node}, SQLite ${process.versions.sqlite} by \`node:sqlite\`; the temporary folder on a local disk.
Load average over the last quarter of an hour ${loadavg()[2]?.toFixed(1)}, of which this run makes about one: above that, other programs took
part of the processor and of the disk, and only the ratios say something.

**W**: \`(await app.publish(event, data)).of(Orders, 'handle').result()\`, an event of \`defineEvent\` and a handler of three sequential
\`@Step()\` calls that each return 103 bytes of JSON; everything checkpointed and completed. Default options but \`concurrency\`, which is c.
The ceiling is W by hand on the same store without any guard, lease, retry or clean-up (\`bench/ceilings.mjs\`); on SQLite it waits four times
where Holdfast waits five. "drop" forgets a completed execution, "keep" never does; Holdfast keeps the last 1,000.

### Against the ceiling

The ratio is the median over ${pairs} interleaved pairs of ${ms} ms with an interval that holds the true median with at least 95 %; a bar is met
(✓) by the median alone, ✓ by the whole interval. Figures of the ceiling in parentheses. Each side has a process of its own, which runs
20,000 executions first (for 21 s at most): until then V8 still compiles.

${table(rows)}

"event class": the same event as a class with four class-validator decorators; no bar.

Durability in force:

${[...durabilities].map(([title, each]) => `- ${title}: ${each.durability} (ceiling: ${each.ceilingDurability})`).join('\n')}

### Store calls of one execution

A commit is one call of the store's \`write\`: a group of writes. At c = 1 it is also the number of durable waits. Reads are all other calls
during the whole probe, but for the lease's renewals: a first run in the process that publishes reads nothing.

| store | c | commits | writes | reads in all |
|---|---:|---:|---:|---|
${probes.calls.map((each) => `| ${each.store} | ${each.c} | ${each.groupsPerExecution.toPrecision(3)} | ${each.writesPerExecution.toPrecision(3)} | ${listed(each.reads)} |`).join('\n')}

### Memory over 200,000 executions

Heap after a collection, c = 64.

| store | after 20,000 | after 200,000 | peak RSS |
|---|---:|---:|---:|
${probes.flatness.map((each) => `| ${each.store} | ${each.early.toFixed(1)} MB | ${each.late.toFixed(1)} MB | ${Math.round(each.rssMb)} MB |`).join('\n')}

### Idle

A started app with default options and nothing to do, over ${probes.idle[0].seconds} s.

| store | store calls/s | CPU of a core | which |
|---|---:|---:|---|
${probes.idle.map((each) => `| ${each.store} | ${each.callsPerSecond.toFixed(2)} | ${each.cpuPercent.toFixed(2)} % | ${listed(each.calls)} |`).join('\n')}

### Backlog

${whole(probes.backlog[0].count)} executions published to an app that is not started, then worked off at c = 64.

| store | executions/s | claims | recovered by the sweep |
|---|---:|---:|---:|
${probes.backlog.map((each) => `| ${each.store} | ${whole(each.perSecond)} | ${each.claims} | ${each.recovered} |`).join('\n')}

### Fan-out

A declared step over a list of ${probes.fanOut[0].width} items, up to 100 at a time, one execution at a time.

| store | commits | writes | items/s |
|---|---:|---:|---:|
${probes.fanOut.map((each) => `| ${each.store} | ${each.groupsPerExecution.toPrecision(3)} | ${each.writesPerExecution.toPrecision(4)} | ${whole(each.itemsPerSecond)} |`).join('\n')}

### Fairness

\`@Concurrency({ limit: 5, key: 'customer' })\`, orders of 5 ms, 10 slots: ${probes.fairness[0].few} orders of one customer, alone and beside
${whole(probes.fairness[0].many)} of another that were published before. p99 from the start to the end of each of the few, in ms.

| store | alone | beside | ratio |
|---|---:|---:|---:|
${probes.fairness.map((each) => `| ${each.store} | ${Math.round(each.alone)} | ${Math.round(each.beside)} | ${each.ratio.toFixed(2)} |`).join('\n')}

### Alarms

${whole(probes.alarms[0].count)} alarms of as many actors that are due at one instant, beside ${whole(probes.alarms[0].pending)} that are not, c = ${probes.alarms[0].c}; each is a turn that writes its state.

| store | alarms/s | by hand | of it |
|---|---:|---:|---:|
${probes.alarms.map((each) => `| ${each.store} | ${whole(each.perSecond)} | ${each.ceilingPerSecond === null ? '' : whole(each.ceilingPerSecond)} | ${each.ceilingPerSecond === null ? '' : `${Math.round((100 * each.perSecond) / each.ceilingPerSecond)} %`} |`).join('\n')}

${whole(probes.lateness[0].count)} alarms one after another beside ${whole(probes.lateness[0].pending)} that are not due: how late, in ms; below 0 would be early.

| store | earliest | p50 | p99 | worst |
|---|---:|---:|---:|---:|
${probes.lateness.map((each) => `| ${each.store} | ${each.earliestMs} | ${each.p50} | ${each.p99} | ${each.worst} |`).join('\n')}

A started app with ${whole(probes.idleAlarms[0].pending)} alarms that are not due and nothing else, over ${probes.idleAlarms[0].seconds} s.

| store | store calls/s | CPU of a core | which |
|---|---:|---:|---|
${probes.idleAlarms.map((each) => `| ${each.store} | ${each.callsPerSecond.toFixed(2)} | ${each.cpuPercent.toFixed(2)} % | ${listed(each.calls)} |`).join('\n')}
`;
}

function listed(counts) {
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
