import { isHandBack } from '../../ports/is-hand-back.js';
import type { Verdict } from '../../ports/store-write.js';
import { changeMutants } from './change-mutants.js';
import { collectMutants } from './collect-mutants.js';
import { familyMutants } from './family-mutants.js';
import { gateMutants } from './gate-mutants.js';
import { sessionMutants } from './session-mutants.js';
import { instanceMutants } from './instance-mutants.js';
import { scheduleMutants } from './schedule-mutants.js';
import { mailboxMutants } from './mailbox-mutants.js';
import { graphMutants } from './graph-mutants.js';
import {
  answering,
  commitChange,
  each,
  listen,
  mutant,
  type MutantStore,
  publishChange,
  recordOf,
  rewrite,
} from './mutant-store.js';

/** Memory stores, each broken in one way. The conformance suite fails every one of them. */
export const mutantStores: readonly MutantStore[] = [
  mutant('a commit is accepted under any fence', (store) => ({
    write: commitChange((commit) => {
      const record = recordOf(store, commit.lease.executionId);
      return record?.status === 'running'
        ? { ...commit, lease: { ...commit.lease, fence: record.fence } }
        : commit;
    }),
  })),
  mutant('a delta is not atomic: its record is written although a checkpoint is refused', () => ({
    write: async (writes, apply) => {
      const verdicts: Verdict[] = [];
      for (const write of writes) {
        const [verdict] = await apply([write]);
        if (
          verdict?.verdict === 'rejected' &&
          verdict.reason === 'checkpoint-exists' &&
          write.kind === 'commit'
        ) {
          await apply([{ ...write, delta: { ...write.delta, checkpoints: [] } }]);
        }
        if (verdict !== undefined) verdicts.push(verdict);
      }
      return verdicts;
    },
  })),
  mutant('a checkpoint is written over', (store) => ({
    write: commitChange((commit) => {
      const keys = new Set(commit.delta.checkpoints.map(({ key }) => key));
      const record = recordOf(store, commit.lease.executionId);
      if (keys.size === 0 || record?.fence !== commit.lease.fence || record.status !== 'running')
        return commit;
      rewrite(store, commit.lease.executionId, (execution) => ({
        ...execution,
        journal: execution.journal.filter(({ checkpoint }) => !keys.has(checkpoint.key)),
      }));
      return commit;
    }),
  })),
  mutant('a timer fires a second early', () => ({
    write: commitChange((commit) => {
      const { record } = commit.delta;
      if (record === null) return commit;
      const timers = Object.fromEntries(
        Object.entries(record.timers).map(([name, at]) => [name, at - 1_000]),
      );
      return { ...commit, delta: { ...commit.delta, record: { ...record, timers } } };
    }),
  })),
  mutant('explicit event ids are ignored', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) => ({ ...event, dedup: null })),
    })),
  })),
  mutant('explicit event ids are compared by id alone, without their session', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) => (event.dedup === null ? event : { ...event, session: null })),
    })),
  })),
  mutant('the conflict of an event is found after its neighbours were inserted', () => ({
    write: async (writes, apply) => {
      const verdicts: Verdict[] = [];
      for (const write of writes) {
        const [verdict] = await apply([write]);
        if (verdict?.verdict === 'rejected' && write.kind === 'publish') {
          for (const event of write.events) await apply([{ ...write, events: [event] }]);
        }
        if (verdict !== undefined) verdicts.push(verdict);
      }
      return verdicts;
    },
  })),
  mutant('an explicit id is remembered for ever', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) =>
        event.dedup === null
          ? event
          : { ...event, dedup: { ...event.dedup, until: Number.MAX_SAFE_INTEGER } },
      ),
    })),
  })),
  mutant('a message wakes nobody', (store) => ({
    write: async (writes, apply) => {
      const verdicts: Verdict[] = [];
      for (const write of writes) {
        const listening = write.kind === 'append' ? recordOf(store, write.message.to)?.listening : undefined;
        if (write.kind !== 'append' || listening === undefined) verdicts.push(...(await apply([write])));
        else {
          listen(store, write.message.to, []);
          verdicts.push(...(await apply([write])));
          listen(store, write.message.to, listening);
        }
      }
      return verdicts;
    },
  })),
  mutant('a release does not look into the inbox', (store) => ({
    write: async (writes, apply) => {
      const verdicts: Verdict[] = [];
      for (const write of writes) {
        const change = write.kind === 'commit' ? write.delta.record : null;
        if (write.kind !== 'commit' || change === null || change.status === 'running') {
          verdicts.push(...(await apply([write])));
          continue;
        }
        const deaf = { ...write, delta: { ...write.delta, record: { ...change, listening: [] } } };
        const [verdict] = await apply([deaf]);
        if (verdict !== undefined) verdicts.push(verdict);
        if (verdict?.verdict === 'ok') listen(store, write.lease.executionId, change.listening);
      }
      return verdicts;
    },
  })),
  mutant('a resent commit is answered stale', () => ({
    write: answering((write, verdict) =>
      write.kind === 'commit' && verdict.verdict === 'already' ? { verdict: 'stale' } : verdict,
    ),
  })),
  mutant('a resent publish is answered without its executions', () => ({
    write: answering((write, verdict) =>
      write.kind === 'publish' && verdict.verdict === 'already'
        ? { verdict: 'already', executions: [] }
        : verdict,
    ),
  })),
  mutant('a resent message is stored again', () => {
    let sent = 0;
    return {
      write: each((write) =>
        write.kind === 'append'
          ? {
              ...write,
              message: { ...write.message, id: `${write.message.id}#${++sent}` as typeof write.message.id },
            }
          : write,
      ),
    };
  }),
  mutant('a claim takes any fingerprint of a definition', (store) => ({
    claim: async (request, take) => {
      const known = await store.definitions();
      const ids = new Set(request.runnable.map(({ id }) => id));
      return take({ ...request, runnable: [...request.runnable, ...known.filter(({ id }) => ids.has(id))] });
    },
  })),
  mutant('what is taken back is not compared by its fence', (store) => ({
    claim: async (request, take) => {
      if (request.own === undefined) return take(request);
      const named = new Set(request.own.map(({ id }) => id));
      const running = await store.list({ status: 'running', limit: 1_000 });
      const own = running.flatMap(({ id, fence }) => (named.has(id) ? [{ id, fence }] : []));
      return take({ ...request, own });
    },
  })),
  mutant('a group loses the writes after a refused one', () => ({
    write: async (writes, apply) => {
      const verdicts: Verdict[] = [];
      let refused = false;
      for (const write of writes) {
        if (refused) verdicts.push({ verdict: 'ok', executions: [] });
        else verdicts.push(...(await apply([write])));
        refused ||= verdicts.at(-1)?.verdict === 'stale' || verdicts.at(-1)?.verdict === 'rejected';
      }
      return verdicts;
    },
  })),
  mutant('priorities are ignored', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) => ({
        ...event,
        executions: event.executions.map((execution) => ({ ...execution, priority: 0 })),
      })),
    })),
  })),
  mutant('lanes are ignored: a full one starves the others', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) => ({
        ...event,
        executions: event.executions.map((execution) => ({ ...execution, lane: 'one' })),
      })),
    })),
  })),
  mutant('a delay is ignored', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) => ({
        ...event,
        executions: event.executions.map((execution) => ({ ...execution, dueAt: null })),
      })),
    })),
  })),
  mutant('a claim of none takes one', () => ({
    claim: (request, take) => take({ ...request, limit: Math.max(1, request.limit) }),
  })),
  mutant('a claim of none says that nothing is due', () => ({
    claim: async (request, take) => {
      const answer = await take(request);
      return request.limit === 0 ? { ...answer, more: false } : answer;
    },
  })),
  mutant('a claim answers no journal', () => ({
    claim: async (request, take) => {
      const answer = await take(request);
      return { ...answer, claimed: answer.claimed.map((claimed) => ({ ...claimed, journal: [] })) };
    },
  })),
  mutant('a claim counts no strikes', () => ({
    claim: async (request, take) => {
      const answer = await take(request);
      return { ...answer, claimed: answer.claimed.map((claimed) => ({ ...claimed, strikes: 0 })) };
    },
  })),
  mutant('a hand-back resets strikes', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      for (const [at, write] of writes.entries()) {
        const isHandedBack = write.kind === 'commit' && write.delta.record?.status === 'pending';
        if (isHandedBack && verdicts[at]?.verdict === 'ok')
          rewrite(store, write.lease.executionId, (execution) => ({ ...execution, strikes: 0 }));
      }
      return verdicts;
    },
  })),
  mutant('a claim that is handed back counts', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      for (const [at, write] of writes.entries()) {
        if (write.kind !== 'commit' || verdicts[at]?.verdict !== 'ok' || !isHandBack(write.delta)) continue;
        rewrite(store, write.lease.executionId, (execution) => ({
          ...execution,
          strikes: execution.strikes + 1,
        }));
      }
      return verdicts;
    },
  })),
  mutant('a claim forgets the next lease expiry', (store) => ({
    claim: async (request, take) => {
      const answer = await take(request);
      const expiries = new Set(store.getState().processes.map(({ leaseUntil }) => leaseUntil));
      return answer.nextAt !== null && expiries.has(answer.nextAt) ? { ...answer, nextAt: null } : answer;
    },
  })),
  mutant('a retry forgets nothing', () => ({
    write: commitChange((commit) => {
      const { record } = commit.delta;
      return record === null
        ? commit
        : { ...commit, delta: { ...commit.delta, record: { ...record, forget: [] } } };
    }),
  })),
  mutant('work is taken from processes that live', (store) => ({
    claim: async (request, take) => {
      for (const { id } of await store.processes()) if (id !== request.owner) await store.leave(id);
      return take(request);
    },
  })),
  ...gateMutants,
  ...graphMutants,
  ...scheduleMutants,
  ...mailboxMutants,
  ...sessionMutants,
  ...collectMutants,
  ...instanceMutants,
  ...familyMutants,
  ...changeMutants,
];
