import { each, mutant, type MutantStore } from './mutant-store.js';

/** Bugs in what moves schedules on. */
export const scheduleMutants: readonly MutantStore[] = [
  mutant('a schedule is moved on whatever its version', (store) => ({
    write: each(async (write) => {
      if (write.kind !== 'schedule') return write;
      const stored = (await store.schedules()).find(({ id }) => id === write.id);
      return { ...write, expected: stored?.version ?? null };
    }),
  })),
  mutant('the execution of an instant is created although the schedule was moved on before', () => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      for (const [at, write] of writes.entries())
        if (write.kind === 'schedule' && write.event !== null && verdicts[at]?.verdict === 'rejected')
          await apply([{ kind: 'publish', events: [write.event] }]);
      return verdicts;
    },
  })),
  mutant('a schedule is moved on, and the execution of its instant is lost', () => ({
    write: each((write) => (write.kind === 'schedule' ? { ...write, event: null } : write)),
  })),
  mutant('a resent move of a schedule is refused', () => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      return verdicts.map((verdict, at) =>
        writes[at]?.kind === 'schedule' && verdict.verdict === 'already'
          ? { verdict: 'rejected', reason: 'schedule-changed' }
          : verdict,
      );
    },
  })),
];
