import { Compensate, defineEvent, memoryStore, OnEvent, sleep, Step, type Store, Worker } from 'holdfast';
import { z } from 'zod';
import { checkWorkers, mayBeDeployed } from '../../lib/cli/check-workers.js';
import { printedCheck } from '../../lib/cli/print-check.js';
import { compileWorkers } from '../../lib/compiler/compile-workers.js';
import { openApp } from '../stories/support/open-apps.js';

const Placed = defineEvent('check.placed', z.object({ n: z.number() }));

@Worker('orders')
class Undone {
  @OnEvent(Placed) async fulfil({ n }: { n: number }): Promise<void> {
    await this.charge(n);
    await sleep('1 hour');
  }

  @Step() async charge(n: number): Promise<string> {
    return `charge ${n}`;
  }

  @Compensate('charge') async refund(_receipt: string): Promise<void> {}
}

@Worker('orders')
class NotUndone {
  @OnEvent(Placed) async fulfil({ n }: { n: number }): Promise<void> {
    await this.charge(n);
    await sleep('1 hour');
  }

  @Step() async charge(n: number): Promise<string> {
    return `charge ${n}`;
  }
}

@Worker('orders')
class Renamed {
  @OnEvent(Placed) async accept(): Promise<void> {}
}

/** A store on which one execution of `Undone` sleeps after its charge. */
async function withCharge(): Promise<{ readonly store: Store; readonly id: string }> {
  const store = memoryStore();
  const app = await openApp([Undone], { store });
  const id = (await app.publish(Placed, { n: 1 })).of(Undone).id;
  await app.settle();
  return { store, id };
}

test('an undo that is dropped is refused loudly, with the executions that would not be undone any more', async () => {
  const { store, id } = await withCharge();
  const report = await checkWorkers(compileWorkers([NotUndone]), store);
  expect([mayBeDeployed(report), printedCheck(report)]).toEqual([
    false,
    [
      'orders: loses undo, 1 execution in flight',
      "  loses undo: 'charge' was undone by 'refund' and is undone by nothing now",
      `    1 execution: ${id}`,
      "    executions that recorded 'charge' would not be undone any more: write @Compensate('charge') on the method that undoes it, or let the old processes finish these executions",
      "  additive: compensation 'refund' is gone",
      '',
      '1 of 1 workers does not fit what is in flight. Deployed like this, what lost its undo goes on without.',
      '',
    ].join('\n'),
  ]);
});

test('a handler that is gone is found where the graph of its executions is not kept, too', async () => {
  const { store, id } = await withCharge();
  const forgetful = {
    list: store.list.bind(store),
    journal: store.journal.bind(store),
    counts: store.counts.bind(store),
    graphs: async () => [],
  };
  const report = await checkWorkers(compileWorkers([Renamed]), forgetful);
  expect([mayBeDeployed(report), report.workers[0]?.differences]).toMatchObject([
    false,
    [{ verdict: 'needs mapping', what: "handler 'fulfil' is gone", executions: [id], count: 1 }],
  ]);
  const same = await checkWorkers(compileWorkers([NotUndone]), forgetful);
  expect([mayBeDeployed(same), same.workers[0]?.differences[0]?.what]).toEqual([
    true,
    '1 execution began on a graph that is not kept: what does not fit is found when they go on',
  ]);
});
