import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import type { Store } from '../../lib/ports/store.js';
import { mutantStores } from '../../lib/testing/conformance/mutants.js';
import { storeCases } from '../../lib/testing/conformance/store-cases.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** By bug, the case that must catch it; others may too. */
const caughtBy = new Map<string, string>([
  ['a commit is accepted under any fence', 'lease: a lease that was taken over writes nothing'],
  [
    'a delta is not atomic: its record is written although a checkpoint is refused',
    'commit: an existing checkpoint refuses the whole delta',
  ],
  ['a checkpoint is written over', 'commit: a checkpoint is never written over'],
  [
    'a timer fires a second early',
    'timers: a waiting execution is due at its timer, not a millisecond before',
  ],
  [
    'explicit event ids are ignored',
    'publish: the same explicit id answers the first executions as duplicates',
  ],
  [
    'explicit event ids are compared by id alone, without their session',
    'publish: ids of different sessions do not meet',
  ],
  [
    'the conflict of an event is found after its neighbours were inserted',
    'publish: one conflict refuses all events of the write, earlier ones included',
  ],
  [
    'an explicit id is remembered for ever',
    'publish: an id is remembered until its instant and forgotten after',
  ],
  ['a message wakes nobody', 'inbox: a message wakes a waiting execution that listens to it'],
  [
    'a release does not look into the inbox',
    'append between load and commit: a message after the claim is due at once',
  ],
  ['a resent commit is answered stale', 'resend: a resent commit that released the lease is already applied'],
  [
    'a resent publish is answered without its executions',
    'publish: a resent write is already applied and answers the same executions and keys',
  ],
  ['a resent message is stored again', 'inbox: one message id is taken once'],
  [
    'a claim takes any fingerprint of a definition',
    'claim: a definition of another fingerprint is not taken',
  ],
  [
    'a group loses the writes after a refused one',
    'groups: a refused write in the middle changes nothing of its neighbours',
  ],
  ['priorities are ignored', 'lanes: within a lane the higher priority goes first, whatever its age'],
  [
    'lanes are ignored: a full one starves the others',
    'lanes: a lane of a thousand does not keep a lane of one waiting',
  ],
  ['a delay is ignored', 'timers: a delayed execution is pending and due at its instant'],
  ['a claim answers no journal', 'lease: a takeover answers the journal and the unseen messages'],
  ['a claim counts no strikes', 'strikes: each claim without an accepted commit counts'],
  [
    'a claim forgets the next lease expiry',
    'lease: nextAt is the expiry of a lease under which another process runs',
  ],
  ['a retry forgets nothing', 'parked and retried: a raised epoch hides what it forgets'],
  ['work is taken from processes that live', 'lease: nobody takes it one millisecond before the lease ends'],
]);

const cases = storeCases().filter(({ needs }) => needs === 'store');

async function failures(make: () => Store, tried = cases): Promise<string[]> {
  const failed: string[] = [];
  for (const test of tried) {
    const clock = new ManualClock();
    const context = { clock, random: { next: () => 0.5 }, warn: () => {} };
    const store = make();
    await store.open(context);
    try {
      await test.run({ store, clock, context });
    } catch {
      failed.push(test.name);
    }
    await store.close();
  }
  return failed;
}

describe('the store conformance suite', () => {
  it('passes a sound store', async () => {
    expect(await failures(memoryStore)).toEqual([]);
  });

  it('names every case once', () => {
    const names = storeCases().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(110);
  });

  it('names for each bug a case that catches it', () => {
    expect(mutantStores.map(({ bug }) => bug)).toEqual([...caughtBy.keys()]);
  });

  it.each(mutantStores.map(({ bug, make }) => ({ bug, make, by: caughtBy.get(bug) })))(
    'fails a store in which $bug, by "$by"',
    async ({ make, by }) => {
      const named = cases.filter(({ name }) => name === by);
      expect(await failures(make, named)).toEqual([by]);
    },
  );
});
