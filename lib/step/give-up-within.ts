import type { Pass } from './pass.js';

/** What was called below that path counts no more: with the next commit its waits end, and its children are cancelled. */
export function giveUpWithin(pass: Pass, path: string): void {
  pass.writes.withdraw({ holder: pass.outsidePath(path), except: pass.received.within(path) });
  pass.children.givenUp(path);
}
