import { median } from './statistics.mjs';

/** What `run.mjs` was asked for: µs. 0: as quick as the disk is. */
export const slowerMicros = Number(process.env['HOLDFAST_BENCH_SLOWER_US'] ?? 0);

/** A `DatabaseSync` whose every `COMMIT` takes that much longer than it does, as on a slower disk. */
export function slowerCommits(DatabaseSync) {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const sleep = (ms) => Atomics.wait(never, 0, 0, ms);
  const late = lateness(sleep);
  const asked = slowerMicros / 1_000;
  if (late >= asked)
    throw new Error(
      `this machine wakes ${Math.round(late * 1_000)} µs late: --slower-us=${slowerMicros} cannot be kept, ask for more`,
    );
  // Asleep as in a wait for the disk, but for the rest: what two processes measured as lateness is not the same.
  const wait = () => {
    const end = performance.now() + asked;
    sleep(asked - late);
    while (performance.now() < end);
  };
  return class extends DatabaseSync {
    prepare(sql) {
      const statement = super.prepare(sql);
      return sql === 'COMMIT'
        ? { run: () => (wait(), statement.run()), get: () => (wait(), statement.get()) }
        : statement;
    }
  };
}

/** By how many ms the system mostly wakes later than it was asked to. */
function lateness(sleep) {
  const askedMs = 0.1;
  const late = Array.from({ length: 101 }, () => {
    const began = performance.now();
    sleep(askedMs);
    return performance.now() - began - askedMs;
  });
  return median(late);
}
