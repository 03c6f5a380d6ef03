import type { Checkpoint } from '../model/checkpoint.js';
import { BUILT_IN, encodedNameOf } from '../model/path.js';
import type { PassServices } from './pass-services.js';

/** What waits for events are called in paths. */
export const AWAIT = `${BUILT_IN}await`;

/** What is asked of the pass. */
interface WaitingPass {
  readonly services: Pick<PassServices, 'codec'>;
  /** A path as the store has it. */
  readonly outsidePath: (path: string) => string;
}

/** Waits whose events code has got, by their holders in the store. */
export class ReceivedEvents {
  /** Null: none yet. */
  private holders: Set<string> | null = null;

  constructor(
    private readonly pass: WaitingPass,
    private readonly journal: readonly Checkpoint[],
  ) {}

  add(holder: string): void {
    (this.holders ??= new Set()).add(holder);
  }

  /** Those below a call. What code got in an earlier pass it may not ask for again: the call around it has a result. */
  within(path: string): readonly string[] {
    const below = `${this.pass.outsidePath(path)}/`;
    const found = [...(this.holders ?? [])].filter((holder) => holder.startsWith(below));
    for (const row of this.journal)
      if (row.kind === 'completed' && row.path.startsWith(`${path}/`) && encodedNameOf(row.path) === AWAIT)
        found.push(...this.holdersOf(row));
    return found;
  }

  /** Of several events each has a holder of its own; those that the call did not give are waited for no more. */
  private holdersOf({ path, value }: Checkpoint): readonly string[] {
    const holder = this.pass.outsidePath(path);
    const given = value === null ? null : this.pass.services.codec.decode(value);
    if (!Array.isArray(given)) return [holder];
    const [index] = given as readonly unknown[];
    const indexes = typeof index === 'number' ? [index] : given.keys();
    return [holder, ...Array.from(indexes, (at) => `${holder}/${at}`)];
  }
}
