import type { Pass } from '../step/pass.js';

/** Ends the pass as completed in the middle of its handler: nothing that user code still does counts. False: it has ended. */
export function endTurn(pass: Pass): boolean {
  if (pass.ended !== null || pass.isClosing) return false;
  pass.end({ kind: 'completed', text: pass.services.codec.encode(undefined) });
  // The method waits for ever from here on: it uses the process no more than one that waits for a step.
  for (const body of pass.live) if (body.level === 0) pass.bodyEnded(body);
  return true;
}
