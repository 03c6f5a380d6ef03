import { answering, each, mutant, type MutantStore, publishChange } from './mutant-store.js';

/** Stores that fail those who wait for events. */
export const mailboxMutants: readonly MutantStore[] = [
  mutant('an event is forgotten when nobody waits for it just then', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      const state = store.getState();
      store.setState({ ...state, mailboxes: { ...state.mailboxes, letters: [] } });
      return verdicts;
    },
  })),
  mutant('an event comes without a word', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      const state = store.getState();
      store.setState({
        ...state,
        executions: state.executions.map((execution) =>
          execution.inbox === null
            ? execution
            : {
                ...execution,
                inbox: {
                  ...execution.inbox,
                  messages: execution.inbox.messages.filter(({ id }) => !id.startsWith('event:')),
                },
              },
        ),
      });
      return verdicts;
    },
  })),
  mutant('a wait that is over goes on', () => ({
    write: each((write) => (write.kind === 'await' ? { ...write, isOver: false } : write)),
  })),
  mutant('an event that comes too late is taken', () => ({
    write: each((write) => (write.kind === 'await' ? { ...write, until: null } : write)),
  })),
  mutant('a repeated wait asks for one more event', () => {
    let asked = 0;
    return {
      write: each((write) =>
        write.kind === 'await' ? { ...write, holder: `${write.holder}#${++asked}` } : write,
      ),
    };
  }),
  mutant('a mailbox is emptied by the execution that comes first', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      const state = store.getState();
      const got = new Set(state.mailboxes.waits.map((wait) => wait.got?.number));
      const letters = state.mailboxes.letters.filter(({ number }) => !got.has(number));
      const waits = state.mailboxes.waits.filter(
        (wait, at, all) =>
          wait.got === null || all.findIndex((other) => other.got?.number === wait.got?.number) === at,
      );
      store.setState({ ...state, mailboxes: { ...state.mailboxes, letters, waits } });
      return verdicts;
    },
  })),
  mutant('mailboxes of all keys are one', () => ({
    write: each((write) => {
      if (write.kind === 'await') return { ...write, key: 'k' };
      if (write.kind !== 'publish') return write;
      const events = write.events.map((event) =>
        event.mail === undefined ? event : { ...event, mail: { ...event.mail, key: 'k' } },
      );
      return { ...write, events };
    }),
  })),
  mutant('mail is kept for ever', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) =>
        event.mail === undefined
          ? event
          : { ...event, mail: { ...event.mail, until: Number.MAX_SAFE_INTEGER } },
      ),
    })),
  })),
  mutant('a full mailbox refuses what it holds already', () => {
    const seen = new Set<string>();
    return {
      write: answering((write, verdict) => {
        if (write.kind !== 'publish' || verdict.verdict === 'rejected') return verdict;
        const again = write.events.find((event) => event.mail !== undefined && seen.has(event.id));
        for (const event of write.events) seen.add(event.id);
        return again === undefined
          ? verdict
          : { verdict: 'rejected', reason: 'mailbox-full', eventId: again.id };
      }),
    };
  }),
];
