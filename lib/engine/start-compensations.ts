import { runCompensations, type Undoer } from '../behaviours/compensation.js';
import type { Checkpoint } from '../model/checkpoint.js';
import { encodedNameOf } from '../model/path.js';
import type { Pass } from '../step/pass.js';
import { undoableRows, type Undoing } from '../step/undo-rows.js';
import type { Definitions } from './definitions.js';
import type { Receivers } from './work.js';

/** Starts a pass that undoes what stands: who undoes each result, and on which object. */
export async function startCompensations(
  pass: Pass,
  undoing: Undoing,
  journal: readonly Checkpoint[],
  definitions: Definitions,
  receivers: Receivers,
): Promise<void> {
  const { id } = pass.worker;
  try {
    const undoers = new Map<Checkpoint, Undoer>();
    for (const row of undoableRows(journal, (name) => definitions.compensates(id, name))) {
      const found = definitions.compensationOf(id, encodedNameOf(row.path));
      if (found !== null)
        undoers.set(row, {
          receiver: await receivers.receiverOf(found.worker),
          definition: found.step,
        });
    }
    if (pass.ended === null) runCompensations(pass, undoing, undoers);
  } catch (error) {
    pass.end({ kind: 'parked', error });
  }
}
