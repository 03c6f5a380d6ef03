import { loadavg } from 'node:os';

const whole = (value) => Math.round(value).toLocaleString('en').replace(/,/g, ' ');
const fine = (value) => (value === null ? '' : value >= 10 ? value.toFixed(1) : value.toPrecision(2));
const micros = (ms) => (ms === null ? '' : whole(ms * 1_000));

/** The part of `RESULTS.md` on what stored executions cost those that run beside them. */
export function scalingPage(points) {
  const tables = ['ended', 'waiting'].map((kind) => {
    const title =
      kind === 'ended'
        ? 'Beside executions of W that have ended'
        : 'Beside executions that are due in a year';
    const lines = points.filter((point) => point.kind === kind).map(cells);
    return `### ${title}

| store | stored | filled, executions/s | bytes each | keys each | W, c = 1, ms | W, c = 64, executions/s | claim of nothing, ms | claimed, each, µs | list of 100, ms | list by status, ms | counts, ms | pruned, each, µs |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
${lines.join('\n')}`;
  });
  return `## Cost against what is stored

Written by \`npm run bench:scaling\`. SQLite is FULL, Redis has no append-only file; bytes are those of the database file, and of the server's memory. What was measured at one
size stays for the next. Load average over the last quarter of an hour ${loadavg()[2]?.toFixed(1)}: above one, other programs took part, and a line says less than the column.

${tables.join('\n\n')}
`;
}

function cells(point) {
  return `| ${[
    point.store === 'redis' ? 'Redis' : 'SQLite',
    whole(point.size),
    whole(point.filledPerSecond),
    whole(point.bytesEach),
    fine(point.keysEach),
    fine(point.oneMs),
    whole(point.perSecond),
    fine(point.idleClaimMs),
    micros(point.claimMs),
    fine(point.listMs),
    fine(point.listFailedMs),
    fine(point.countsMs),
    micros(point.prunedMs),
  ].join(' | ')} |`;
}
