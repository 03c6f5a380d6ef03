import { Compensate, defineEvent, memoryStore, OnEvent, RateLimit, Step, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Ordered = defineEvent('graph-data.ordered', z.object({ items: z.array(z.number()) }));

@Worker({ id: 'orders', description: 'Takes orders' })
class OrderWorker {
  @OnEvent(Ordered)
  async fulfil({ items }: { items: number[] }): Promise<number[]> {
    await this.audit(items.length);
    return items;
  }

  @Step() async audit(_count: number): Promise<void> {}

  @Step({ after: 'fulfil', each: { of: (items: number[]) => items, concurrency: 5 } })
  reserve(item: number): number {
    return item;
  }

  @Step({
    after: 'reserve',
    when: (reserved: number[]) => reserved.length > 0,
    description: 'Takes "all" of it',
  })
  @RateLimit({ limit: 10, per: '1s' })
  charge(reserved: number[]): number {
    return reserved.length;
  }

  @Step({ after: 'reserve', when: 'otherwise' })
  refuse(_reserved: number[]): number {
    return 0;
  }

  @Step({ after: ['charge', 'refuse'], join: 'any' })
  tell(_count: number): void {}

  @Compensate('charge')
  refund(_count: number): void {}
}

describe('the graph of a worker', () => {
  test('is data: nodes, edges and what holds for them', async () => {
    const app = await openApp([OrderWorker]);
    const graph = app.graph(OrderWorker);
    expect(graph.worker).toBe('orders');
    expect(graph.nodes.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'compensation refund',
      'declared charge',
      'declared refuse',
      'declared reserve',
      'declared tell',
      'handler fulfil',
      'step audit',
    ]);
    expect(graph.edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`)).toEqual([
      'charge compensation refund',
      'charge after tell',
      'fulfil after reserve',
      'refuse after tell',
      'reserve after charge',
      'reserve after refuse',
    ]);
    expect(graph.nodes.find(({ name }) => name === 'reserve')).toMatchObject({ fanOut: { concurrency: 5 } });
    expect(graph.nodes.find(({ name }) => name === 'charge')).toMatchObject({
      route: 'predicate',
      policies: { rateLimit: { limit: 10, perMs: 1_000, key: null } },
    });
    expect([graph.fingerprint, graph.nodes, graph.nodes[0]].every((part) => Object.isFrozen(part))).toBe(
      true,
    );
  });

  test('is drawn as a Mermaid flowchart', async () => {
    const app = await openApp([OrderWorker]);
    expect(app.graph(OrderWorker).toMermaid().split('\n')).toEqual([
      'flowchart TD',
      '  n0[/"refund"/]',
      '  n1["charge<br/>Takes #34;all#34; of it<br/>at most 10 in 1000 ms"]',
      '  n2["refuse"]',
      '  n3[["reserve<br/>for each, 5 at a time"]]',
      '  n4["tell<br/>after any"]',
      '  n5(["fulfil"])',
      '  n6["audit"]',
      '  n1 -. undone by .-> n0',
      '  n1 --> n4',
      '  n5 --> n3',
      '  n2 --> n4',
      '  n3 -->|when| n1',
      '  n3 -->|otherwise| n2',
      '',
    ]);
  });

  test('is JSON that tells all of it', async () => {
    const app = await openApp([OrderWorker]);
    const graph = app.graph(OrderWorker);
    const { worker, nodes, edges, fingerprint } = graph;
    expect(JSON.parse(JSON.stringify(graph))).toEqual({ worker, nodes, edges, fingerprint });
  });

  test('is kept in the store by each process that has the class', async () => {
    const store = memoryStore();
    const app = await openApp([OrderWorker], { store });
    const graph = app.graph(OrderWorker);
    const [kept] = await store.graphs('orders');
    expect(kept).toMatchObject({ worker: 'orders', fingerprint: graph.fingerprint });
    expect(JSON.parse(kept?.graph ?? '')).toEqual(JSON.parse(JSON.stringify(graph)));
  });

  test('is recorded on each execution by its fingerprint', async () => {
    const store = memoryStore();
    const app = await openApp([OrderWorker], { store });
    const { id } = (await app.publish(Ordered, { items: [] })).of(OrderWorker);
    await app.settle();
    const record = store.getState().executions.find((each) => each.record.id === id)?.record;
    expect(record?.definition).toEqual({
      id: 'orders.fulfil',
      fingerprint: app.graph(OrderWorker).fingerprint,
    });
  });

  test('is known of a class that this process does not run', async () => {
    const app = await openApp([]);
    expect(app.graph(OrderWorker).worker).toBe('orders');
    class Plain {}
    expect(() => app.graph(Plain)).toThrow('Write @Worker() on Plain');
  });
});
