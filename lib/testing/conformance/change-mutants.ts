import { mutant, type MutantStore, recordOf } from './mutant-store.js';

/** Stores that tell less of what changed than they should, or more. */
export const changeMutants: readonly MutantStore[] = [
  mutant('one of many settled executions is left out of a change', () => ({
    change: ({ settled, declared }) => ({
      settled: settled === 'unknown' || settled.length < 2 ? settled : settled.slice(0, -1),
      declared,
    }),
  })),
  mutant('an execution that is parked is no change', (store) => ({
    change: ({ settled, declared }) => ({
      settled:
        settled === 'unknown' ? settled : settled.filter((id) => recordOf(store, id)?.status !== 'parked'),
      declared,
    }),
  })),
  mutant('nobody is told of declarations', () => ({
    change: ({ settled }) => ({ settled, declared: false }),
  })),
  mutant('of what became due beside an end nobody is told', () => ({
    change: (change) => ({ ...change, settledOnly: true }),
  })),
  mutant('what the own gates let in is told as if anything had changed', () => ({
    change: () => ({ settled: 'unknown', declared: true }),
  })),
];
