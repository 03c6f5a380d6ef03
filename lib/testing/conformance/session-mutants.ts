import { commitChange, mutant, type MutantStore } from './mutant-store.js';

/** Bugs in what belongs together by its session. */
export const sessionMutants: readonly MutantStore[] = [
  mutant('a stop takes what was accepted after it', (store) => {
    const openOf = store.openOf.bind(store);
    store.openOf = async (request) => ({
      ...(await openOf({ ...request, upTo: Number.MAX_SAFE_INTEGER })),
      upTo: request.upTo ?? (await openOf(request)).upTo,
    });
    return {};
  }),
  mutant('what a session has published within itself is not of it', (store) => ({
    write: commitChange(async (commit) => {
      const { publish } = commit.delta;
      if (publish === null) return commit;
      await store.write([{ kind: 'publish', events: publish.events }]);
      return commit;
    }),
  })),
  mutant('a session is found by how its name begins', (store) => {
    const openOf = store.openOf.bind(store);
    store.openOf = async (request) => {
      const names = await store.openSessions(null, 100);
      const pages = await Promise.all(
        names
          .filter((name) => name.startsWith(request.session))
          .map((session) => openOf({ ...request, session })),
      );
      return {
        ...(await openOf(request)),
        executions: pages.flatMap((page) => page.executions),
      };
    };
    return {};
  }),
  mutant('a session stays open when all of it has ended', (store) => {
    const openSessions = store.openSessions.bind(store);
    const known = new Set<string>();
    store.openSessions = async (after, limit) => {
      for (const name of await openSessions(null, 100)) known.add(name);
      return [...known]
        .sort()
        .filter((name) => after === null || name > after)
        .slice(0, limit);
    };
    return {};
  }),
  mutant('the counts of a session are those of all', (store) => {
    const counts = store.counts.bind(store);
    store.counts = () => counts();
    return {};
  }),
  mutant('a page of a session begins anew', (store) => {
    const openOf = store.openOf.bind(store);
    let asked = 0;
    store.openOf = async (request) => openOf(asked++ > 20 ? request : { ...request, after: 0 });
    return {};
  }),
  mutant('what is published after a cancel is not cancelled with it', () => ({
    write: async (writes, apply) =>
      apply(
        writes.map((write) =>
          write.kind === 'append' && write.message.kind === 'cancel'
            ? { ...write, message: { ...write.message, body: null } }
            : write,
        ),
      ),
  })),
];
