import type { NewEvent, Publishing, Write } from '../../lib/ports/store-write.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { runSeed } from './run-seed.js';
import { shareOfCorpus } from './share-of-corpus.js';

const only = process.env['HOLDFAST_SEED'];
const first = Number(only ?? process.env['HOLDFAST_FIRST_SEED'] ?? 1);
const many = only === undefined ? shareOfCorpus() : 1;

function gated({ events }: Publishing, limit: number): { readonly events: readonly NewEvent[] } {
  return {
    events: events.map((event) => ({
      ...event,
      executions: event.executions.map((execution) => ({
        ...execution,
        // Turns of an instance have theirs.
        gate: execution.gate?.untilEnd === true ? execution.gate : { name: execution.definition.id, limit },
      })),
    })),
  };
}

/** Puts everything that is published behind a gate of its definition, unless the gate of an instance orders it. */
function behindGates(limit: number): (simulation: Simulation) => void {
  return ({ store }) => {
    const write = store.write.bind(store);
    const change = (each: Write): Write => {
      if (each.kind === 'publish') return { ...each, ...gated(each, limit) };
      if (each.kind !== 'commit' || each.delta.publish === null) return each;
      return { ...each, delta: { ...each.delta, publish: gated(each.delta.publish, limit) } };
    };
    store.write = (writes) => write(writes.map(change));
  };
}

test.each([1, 2])(
  `gates that admit %i: never more run, all ends as its program says, whatever dies (${many} seeds)`,
  async (limit) => {
    for (let seed = first; seed < first + many; seed++)
      await expect(
        runSeed(seed, { inspect: behindGates(limit), keepTrace: only !== undefined }),
      ).resolves.toHaveProperty('digest');
  },
  300_000,
);

test('a store that admits one too many is found', async () => {
  const search = async (): Promise<void> => {
    for (let seed = first; seed < first + 60; seed++)
      await runSeed(seed, {
        inspect: behindGates(1),
        wrapStore: (inner) =>
          new Proxy(inner, {
            get(target, name) {
              if (name === 'write') return (writes: readonly Write[]) => target.write(writes.map(widened));
              const value: unknown = Reflect.get(target, name);
              return typeof value === 'function' ? value.bind(target) : value;
            },
          }),
      });
  };
  await expect(search()).rejects.toThrow('I21');
}, 300_000);

function widened(write: Write): Write {
  return write.kind === 'publish' ? { ...write, ...gated(write, 2) } : write;
}
