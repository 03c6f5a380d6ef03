import { cpus, loadavg } from 'node:os';

const percent = (part) => `${Math.round(100 * part)} %`;
const whole = (value) => Math.round(value).toLocaleString('en').replaceAll(',', ' ');

/** The part of `RESULTS.md` on HTTP. */
export function httpPage({ rows, pairs, ms }) {
  return `## HTTP

Written by \`bench/run-http.mjs\`. ${cpus().length} cores of ${cpus()[0].model.trim()}, Node ${process.version.slice(1)}. A server of \`node:http\` in one process and its client
in another, over kept connections of this machine; each request is an event that is stored on SQLite FULL before the answer. Nothing is run. The client
signs every request, whether it is asked for or not, and takes its part of the processor. "by hand" is a route that reads the body, parses it and calls \`app.publish\`; "limited" is signed, with a \`rateLimit\`.
Medians of ${pairs} rounds of ${ms} ms in turn; the interval holds the true median of the ratio with at least 95 %.
Load average over the last quarter of an hour ${loadavg()[2].toFixed(1)}, of which this run makes about two: above that, other programs took part of the
processor and of the disk, and of all figures the CPU of the server says most.

| mount | c | requests/s | of by hand | p50 / p99 ms | CPU of the server, µs |
|---|---:|---:|---:|---:|---:|
${rows.map(row).join('\n')}
`;
}

function row({ kind, c, ratio, perSecond, p50, p99, serverCpuMs }) {
  const part = `${percent(ratio.median)} (${percent(ratio.low)} – ${percent(ratio.high)})`;
  const latency = `${p50.toFixed(2)} / ${p99.toFixed(1)}`;
  return `| ${kind} | ${c} | ${whole(perSecond)} | ${part} | ${latency} | ${whole(1_000 * serverCpuMs)} |`;
}
