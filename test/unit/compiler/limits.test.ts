import { Concurrency as TypedConcurrency } from '../../../lib/decorators/concurrency.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { RateLimit as TypedRateLimit } from '../../../lib/decorators/rate-limit.js';
import { Step } from '../../../lib/decorators/step.js';
import type { WorkerClass } from '../../../lib/model/definition.js';
import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { compiled, foundIn, type Loose, mistakesOf, workerOf } from './worker-of.js';

const Concurrency = TypedConcurrency as Loose;
const RateLimit = TypedRateLimit as Loose;
const Handler = OnEvent as Loose;

/** The class with decorators of its own. */
function decorated(type: WorkerClass, ...decorators: readonly unknown[]): WorkerClass {
  for (const decorate of decorators) (decorate as (type: WorkerClass) => void)(type);
  return type;
}

describe('a limit', () => {
  it('is a number, or a number for each value of a key', () => {
    const byCustomer = (order: { customer: string }): string => order.customer;
    const { handlers, steps } = compiled({
      go: [Handler('x'), Concurrency(5), RateLimit({ limit: 100, per: '1 minute', key: 'customer.id' })],
      charge: [Step(), Concurrency({ limit: 2, key: byCustomer }), RateLimit({ limit: 1, per: 500 })],
    });
    expect(handlers[0]).toMatchObject({
      concurrency: { limit: 5, key: null },
      rateLimit: { limit: 100, perMs: 60_000, key: { path: 'customer.id' } },
    });
    expect(steps.get('charge')).toMatchObject({
      concurrency: { limit: 2, key: { path: null, of: byCustomer } },
      rateLimit: { limit: 1, perMs: 500, key: null },
    });
  });

  it('by the path of a field reads the first argument, and nothing where a part is missing', () => {
    const { handlers } = compiled({ go: [Handler('x'), Concurrency({ limit: 1, key: 'customer.id' })] });
    const of = handlers[0]?.concurrency?.key?.of as (event: unknown) => unknown;
    expect([{ customer: { id: 7 } }, { customer: null }, {}, null].map((event) => of(event))).toEqual([
      7,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('of a class holds for its handlers, unless they have their own, and never for its steps', () => {
    const type = workerOf({
      one: [Handler('x')],
      two: [Handler('y'), Concurrency(9)],
      charge: [Step()],
    });
    const [worker] = compileWorkers([decorated(type, Concurrency(3), RateLimit({ limit: 1, per: '1s' }))]);
    expect(
      worker?.handlers.map(({ concurrency, rateLimit }) => [concurrency?.limit, rateLimit?.limit]),
    ).toEqual([
      [3, 1],
      [9, 1],
    ]);
    expect(worker?.steps.get('charge')).toMatchObject({ concurrency: null, rateLimit: null });
  });

  it('that a provider tells is left to be read, for each method that it bounds', () => {
    class Config {}
    const limit = (): number => 5;
    const type = workerOf({
      one: [Handler('x')],
      two: [Handler('y'), Concurrency({ from: Config, limit, key: 'id' })],
      charge: [Step(), RateLimit({ from: 'rates', limit: 4, per: limit })],
    });
    const [worker] = compileWorkers([decorated(type, Concurrency({ from: Config, limit }))]);
    expect(worker?.handlers.map(({ concurrency }) => concurrency)).toEqual([null, null]);
    const key = { path: 'id', of: expect.any(Function) };
    expect(worker?.provided).toEqual([
      { decorator: 'Concurrency', method: 'one', member: null, from: Config, limit, key: null },
      { decorator: 'Concurrency', method: 'two', member: 'two', from: Config, limit, key },
      {
        decorator: 'RateLimit',
        method: 'charge',
        member: 'charge',
        from: 'rates',
        limit: 4,
        per: limit,
        key: null,
      },
    ]);
  });

  it.each([
    [Concurrency(0), '@Concurrency has limit: 0'],
    [Concurrency(1.5), '@Concurrency has limit: 1.5'],
    [Concurrency('5'), "@Concurrency has '5'"],
    [Concurrency(), '@Concurrency has undefined'],
    [Concurrency({}), '@Concurrency has limit: undefined'],
    [Concurrency({ limit: Infinity }), '@Concurrency has limit: Infinity'],
    [Concurrency({ limit: 1, key: 5 }), '@Concurrency has key: 5'],
    [Concurrency({ limit: 1, key: 'a..b' }), "@Concurrency has key: 'a..b'"],
    [Concurrency({ limit: 1, per: '1s' }), '@Concurrency has the unknown option per'],
    [Concurrency({ limit: Number }), '@Concurrency has limit: Number'],
    [Concurrency({ from: undefined, limit: Number }), '@Concurrency has from: undefined'],
    [RateLimit({ limit: 5 }), '@RateLimit has per: undefined'],
    [RateLimit({ limit: 5, per: '1 month' }), "@RateLimit has per: '1 month'"],
    [RateLimit({ limit: 5, per: 0 }), '@RateLimit has per: 0'],
    [RateLimit({ limit: -1, per: '1s' }), '@RateLimit has limit: -1'],
    [RateLimit(5), '@RateLimit has 5'],
  ])('%# is refused', (decorator, found) => {
    expect(foundIn({ run: [Step(), decorator] })).toEqual([`run: ${found}`]);
  });

  it('that reads from nowhere says where to name the provider', () => {
    expect(mistakesOf(workerOf({ run: [Step(), Concurrency({ limit: Number })] }))[0]?.write).toBe(
      'Write from: the provider that limit reads, or a whole number from 1 on',
    );
  });

  it('needs a method that runs, and stands there once', () => {
    expect(
      foundIn({ go: [Handler('x')], note: [Concurrency(1)], send: [RateLimit({ limit: 1, per: 1 })] }),
    ).toEqual([
      'note: @Concurrency stands on a method that is neither handler nor step',
      'send: @RateLimit stands on a method that is neither handler nor step',
    ]);
    expect(foundIn({ go: [Handler('x'), Concurrency(1), Concurrency(2)] })).toEqual([
      'go: @Concurrency is written twice',
    ]);
  });
});

describe('the priority of a handler', () => {
  it('is 0 unless it is written', () => {
    const { handlers } = compiled({
      go: [Handler('x')],
      hurry: [Handler('x', { priority: -100 }), Handler('y')],
    });
    expect(handlers.map(({ priority }) => priority)).toEqual([0, -100]);
  });

  it.each([101, -101, 0.5, 'high', Number.NaN])('%p is refused', (priority) => {
    expect(foundIn({ go: [Handler('x', { priority })] })).toEqual([
      expect.stringContaining('go: @OnEvent has priority: '),
    ]);
  });

  it('is one for all its events', () => {
    expect(foundIn({ go: [Handler('x', { priority: 1 }), Handler('y', { priority: 2 })] })).toEqual([
      'go: @OnEvent has the priorities 1 and 2',
    ]);
  });
});
