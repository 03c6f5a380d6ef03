/** The least that a part of the corpus runs. */
const LEAST = 60;

/**
 * Seeds of a part of the corpus: all parts together are the one corpus of `HOLDFAST_SEEDS`, so that each of the smaller
 * ones takes a twentieth of it.
 */
export function shareOfCorpus(): number {
  const all = process.env['HOLDFAST_SEEDS'];
  return all === undefined ? LEAST / 2 : Math.max(LEAST, Math.ceil(Number(all) / 20));
}
