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
    'what is taken back is not compared by its fence',
    'registry: what a process took since it asked to take it back is left alone',
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
  ['a claim of none takes one', 'claim: a claim of limit 0 leaves what is ready as it is'],
  [
    'a claim of none says that nothing is due',
    'claim: a claim of limit 0 takes nothing and says whether something is due',
  ],
  ['a claim answers no journal', 'lease: a takeover answers the journal and the unseen messages'],
  ['a claim counts no strikes', 'strikes: each claim without an accepted commit counts'],
  [
    'a hand-back resets strikes',
    'strikes: one that is handed back as it was found keeps those it had, and goes on from there',
  ],
  [
    'a claim that is handed back counts',
    'strikes: a claim that is handed back does not count, nor does creation with an owner',
  ],
  [
    'a claim forgets the next lease expiry',
    'lease: nextAt is the expiry of a lease under which another process runs',
  ],
  ['a retry forgets nothing', 'parked and retried: a raised epoch hides what it forgets'],
  ['work is taken from processes that live', 'lease: nobody takes it one millisecond before the lease ends'],
  [
    'a gate admits one more than its limit',
    'gates: as many as the limit are claimed, the rest wait for the gate',
  ],
  ['the last in the queue of a gate is served first', 'gates: the queue is served by priority, then by age'],
  [
    'an execution behind a full gate is said to be leased',
    'gates: created with an owner it is leased while there is room, else it queues, and the answer tells which',
  ],
  ['a cancel queues like anybody', 'gates: a cancel of a queued one is served at once and takes no place'],
  [
    'the place of a dead process in a gate is given to another',
    'gates: one whose process died stays admitted until another has taken it over and it rests',
  ],
  [
    'an execution that waits gives back what it holds on to',
    'permits and rest: one that waits keeps the permits that it says, and no other, until it ends',
  ],
  [
    'an execution that rests keeps its permits',
    'permits and rest: one that completes gives back its permits and its places in the queue',
  ],
  [
    'a permit is granted without a word',
    'permits: a permit given back goes to the first in the queue, who is told once and is signalled',
  ],
  [
    'permits are given under any fence',
    'permits: nobody gets one who is not running under the current lease',
  ],
  [
    'a repeated acquire asks for one more permit',
    'permits: asked again by the same holder the answer is the same, and one permit is held',
  ],
  [
    'what a delta gives back is forgotten',
    'permits: one execution may hold and queue for several, each by itself',
  ],
  [
    'a rate lets its first places go one by one',
    'rates: an idle bucket has the limit at once, then one place each interval, to the millisecond',
  ],
  [
    'a rate allows one more in each span',
    'rates: ten thousand places of a limit that divides nothing never run ahead of the rate nor fall behind it',
  ],
  [
    'an execution keeps the form of its definition for ever',
    'another form of its definition: one that sleeps with it wakes under it',
  ],
  ['graphs are kept without their workers', 'graphs: names of workers and fingerprints are opaque'],
  [
    'a prune drops graphs that open executions have',
    'graphs: one of an open execution is kept, and one of a live process',
  ],
  [
    'a schedule is moved on whatever its version',
    'schedules: of two that come to one instant one moves it on, and one execution is created',
  ],
  [
    'the execution of an instant is created although the schedule was moved on before',
    'schedules: one that was refused creates nothing',
  ],
  [
    'a schedule is moved on, and the execution of its instant is lost',
    'schedules: of two that come to one instant one moves it on, and one execution is created',
  ],
  [
    'a resent move of a schedule is refused',
    'schedules: sent again it is already applied, and creates nothing more',
  ],
  [
    'an event is forgotten when nobody waits for it just then',
    'mailboxes: an event that came before the wait is answered at once, and nobody is told',
  ],
  ['an event comes without a word', 'mailboxes: every execution that waits gets the event, once'],
  ['a wait that is over goes on', 'waits for events: a wait that is over gets nothing more'],
  [
    'an event that comes too late is taken',
    'waits for events: an event that comes at the end of the wait or later comes too late',
  ],
  [
    'a repeated wait asks for one more event',
    'waits for events: asked again the answer is the same, under another fence too',
  ],
  [
    'a mailbox is emptied by the execution that comes first',
    'mailboxes: every execution that waits gets the event, once',
  ],
  ['mailboxes of all keys are one', 'mailboxes: another name or another key is another mailbox'],
  ['mail is kept for ever', 'room of mailboxes: what has expired takes no room, and nobody new gets it'],
  [
    'a full mailbox refuses what it holds already',
    'room of mailboxes: the last that found room may be sent again',
  ],
  [
    'a stop takes what was accepted after it',
    'sessions: what is accepted after the first page does not count',
  ],
  [
    'what a session has published within itself is not of it',
    'sessions: what an execution that counts publishes into the session counts, and so on, but not into another',
  ],
  ['a session is found by how its name begins', 'sessions: sessions whose names are alike never meet'],
  [
    'a session stays open when all of it has ended',
    'sessions: sessions are open as long as something of them is, and are told in pages',
  ],
  [
    'the counts of a session are those of all',
    'sessions: a session is counted by itself, and forgotten when its executions are pruned',
  ],
  [
    'a page of a session begins anew',
    'sessions: pages of any size find the same, each once, while executions end between them',
  ],
  [
    'what is published after a cancel is not cancelled with it',
    'cancels that are handed on: what is published into the session after a cancel that has a body is cancelled with it, and so on',
  ],
  [
    'what has begun takes more events',
    'collecting: what was claimed takes no more: the next event opens another',
  ],
  [
    'an event that is sent again is collected again',
    'collecting: what is sent again joins nothing twice, before it begins, after, and when it has ended',
  ],
  ['all events are collected under one name', 'collecting: another name collects by itself'],
  ['collecting never ends by number', 'collecting: the last that it takes closes it'],
  [
    'each event prolongs a window',
    'collecting, when due: a window begins with the first event, not a millisecond before its end',
  ],
  [
    'what slides may slide for ever',
    'collecting, when due: one that slides waits no longer than its longest wait after the first event',
  ],
  ['what was cancelled goes on collecting', 'collecting: a cancel closes it'],
  [
    'a batch that is flushed by hand looks like any other',
    'collecting, when due: a flush makes it due at once, and is told; sent again it flushes nothing else',
  ],
  [
    'items are gone once they were seen',
    'collecting: items stay when they were seen, are read in pages, and go with their execution',
  ],
  [
    'a gate is not kept while its execution waits',
    'gates until the end: one that waits keeps its place, wakes past the queue, and gives it back when it ends',
  ],
  [
    'a gate is kept by one that is parked',
    'gates until the end: one that is parked gives its place back, and queues again when it is resumed',
  ],
  [
    'an instance is written whatever its version',
    'instances: of two that read one version one writes, and nothing of the other remains',
  ],
  [
    'a turn ends although its instance was changed meanwhile',
    'turns of an instance: a commit whose instance was changed meanwhile changes nothing, and may be made again',
  ],
  [
    'what an instance had ahead fires although it was replaced',
    'instances: what was ahead is replaced, dropped or kept as the change says, without a trace',
  ],
  [
    'what an instance has ahead goes with it although it has begun',
    'instances: what has begun stays, whatever becomes of the instance',
  ],
  [
    'an instance that is ended cancels nobody',
    'instances that are ended: whoever holds a place of the gate or queues there is cancelled, once, and nobody else',
  ],
  [
    'an instance that is ended cancels again what is sent again',
    'instances that are ended: whoever holds a place of the gate or queues there is cancelled, once, and nobody else',
  ],
  [
    'nobody is told how many were cancelled',
    'instances that are ended: the answer tells how many were cancelled, also where there is no instance',
  ],
  ['a resent instance is refused', 'instances: sent again it is already applied, and creates nothing more'],
  [
    'the event of an instance is lost',
    'instances: sent again it is already applied, and creates nothing more',
  ],
  [
    'nobody is told that a child ended',
    'parents and children: the end of a child wakes a parent that waits and listens, with its id',
  ],
  [
    'every wait below a prefix is given up, whatever it is',
    'given up waits and turns: those that are excepted stay, and so does what only begins alike',
  ],
  ['nothing is given up', 'given up waits and turns: a wait that is given up gets nothing more'],
  [
    'only children are given up',
    'given up waits and turns: what it had got is there for the next wait, before what came later',
  ],
  [
    'a child may be removed while its parent waits for it',
    'parents and children: a child is not removed before its parent has ended',
  ],
  [
    'a next turn is the same turn again',
    'given up waits and turns: a next turn has its own input and an empty journal, and stays the same execution',
  ],
  [
    'a turn gets the events of the one before again',
    'given up waits and turns: its waits are gone, and what they had got is not given again',
  ],
  [
    'one of many settled executions is left out of a change',
    'changes of others: of many that settle at once, in groups with other writes, none is left out',
  ],
  ['an execution that is parked is no change', 'changes of others: an execution that is parked is told'],
  ['nobody is told of declarations', 'changes of others: a pause is told as declared'],
  [
    'of what became due beside an end nobody is told',
    'changes of others: an event, written with the end of another execution, is told as due',
  ],
  [
    'what the own gates let in is told as if anything had changed',
    'changes: what the own gates let in settles nothing and declares nothing',
  ],
]);

const cases = storeCases().filter(({ needs }) => needs !== 'reopen');

async function failures(make: () => Store, tried = cases): Promise<string[]> {
  const failed: string[] = [];
  for (const test of tried) {
    const clock = new ManualClock();
    const context = { clock, random: { next: () => 0.5 }, warn: () => {} };
    const store = make();
    await store.open(context);
    const second = async () => {
      await store.open(context);
      return store;
    };
    try {
      await test.run({ store, clock, context, second });
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
