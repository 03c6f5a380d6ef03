/** `HOLDFAST_SEED`: the one seed to run, with its trace. */
const only = process.env['HOLDFAST_SEED'];
const first = Number(only ?? process.env['HOLDFAST_FIRST_SEED'] ?? 1);

/** Which seeds the simulation of the engine runs, as the environment says. */
export const corpus = {
  /** How many. */
  many: only === undefined ? Number(process.env['HOLDFAST_SEEDS'] ?? 60) : 1,
  keepTrace: only !== undefined,
  /** So many of its seeds, from the first. */
  seeds: (count: number): readonly number[] => Array.from({ length: count }, (_, at) => first + at),
};
