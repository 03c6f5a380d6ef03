import type { Checkpoint } from '../model/checkpoint.js';
import type { NestedResults } from './nested-results.js';
import type { Replay } from './replay.js';

/** The pass, as far as this goes. */
interface TimedPass {
  readonly nested: NestedResults;
  readonly replay: Replay | null;
}

/** When the sleep or the wait at that path began; null: it begins now, maybe anew with a race that had failed. */
export function begunTimer({ nested, replay }: TimedPass, path: string): Checkpoint | null {
  const own = nested.sleep(path);
  return own === undefined ? (replay?.timer(path) ?? null) : own;
}
