import { type GraphDifference, MOST_NAMED, sentenceOf } from './graph-comparison.js';

const BEFORE = "'npx holdfast check' tells this before a deploy";

/** Executions that are told of together. */
export interface Misfits {
  /** At most `MOST_NAMED`. */
  readonly ids: readonly string[];
  readonly count: number;
}

/** Of executions that the deployed graph has no place for. */
export function misfitMessage(
  worker: string,
  misfits: Misfits,
  differences: readonly GraphDifference[],
): string {
  const { count } = misfits;
  const fit = count === 1 ? '1 execution does not fit' : `${count} executions do not fit`;
  return `${fit} the deployed graph of worker '${worker}' and ${count === 1 ? 'is' : 'are'} parked: ${sentenceOf(differences)}. Then resume() ${listed(misfits)}. ${BEFORE}`;
}

/** Of executions that no live process can take. `handler`: null where the whole worker is gone. */
export function strandedMessage(worker: string, handler: string | null, misfits: Misfits): string {
  const { count } = misfits;
  const what = handler === null ? `worker '${worker}'` : `handler '${handler}' of worker '${worker}'`;
  const wait = count === 1 ? '1 execution waits' : `${count} executions wait`;
  const write =
    handler === null
      ? `start a process that has it, under this id`
      : `bring '${handler}' back, under this name, or let processes of the old deploy finish them`;
  return `${wait} for ${what}, which no live process has: ${write}; to end them, bring it back and cancel() them: ${listed(misfits)}. ${BEFORE}`;
}

function listed({ ids, count }: Misfits): string {
  const rest = count > MOST_NAMED ? ` and ${count - ids.length} more` : '';
  return `${ids.map((id) => `'${id}'`).join(', ')}${rest}`;
}
