import { defineEvent, execution, NonRetryableError, NoRouteError, OnEvent, Step, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Order = z.object({ id: z.string(), total: z.number(), items: z.array(z.string()) });
const Placed = defineEvent('graph.placed', Order);
type Placed = z.infer<typeof Order>;

const order = { id: 'o-1', total: 49, items: ['cup', 'pen', 'pad'] };

const ran: string[] = [];
beforeEach(() => {
  ran.length = 0;
});

describe('A10 · a chain of declared steps', () => {
  @Worker('chain')
  class Chain {
    @OnEvent(Placed)
    validate(placed: Placed): Placed {
      ran.push('validate');
      return placed;
    }

    @Step({ after: 'validate' })
    price({ total }: Placed): { net: number; at: Date } {
      ran.push('price');
      return { net: total * 2, at: new Date(7) };
    }

    @Step({ after: 'price' })
    async print({ net, at }: { net: number; at: Date }): Promise<string> {
      ran.push('print');
      return `${net} at ${at.getTime()}`;
    }
  }

  test('runs one after the other; the result is the handler’s, the values of the others are in steps()', async () => {
    const app = await openApp([Chain]);
    const handle = (await app.publish(Placed, order)).of(Chain, 'validate');
    expect(await handle.result()).toEqual(order);
    expect(ran).toEqual(['validate', 'price', 'print']);
    expect((await handle.steps()).map(({ path, status, value }) => [path, status, value])).toEqual([
      ['validate/price', 'completed', { net: 98, at: new Date(7) }],
      ['validate/print', 'completed', '98 at 7'],
    ]);
  });

  test('stops at the first failure: what comes after it never begins, and the caller gets that error', async () => {
    const app = await openApp([Chain]);
    app.override(Chain, 'price', () => {
      throw new NonRetryableError('no price');
    });
    const handle = (await app.publish(Placed, order)).of(Chain, 'validate');
    const outcome = await handle.outcome();
    expect(outcome).toMatchObject({
      success: false,
      error: { message: 'no price', failedStep: 'validate/price', completedSteps: [] },
    });
    expect(ran).toEqual(['validate']);
  });

  test('is plain methods outside an execution', async () => {
    const chain = new Chain();
    expect(await chain.print(chain.price(chain.validate(order)))).toBe('98 at 7');
  });
});

describe('A11 · case 13 · a join', () => {
  @Worker('joins')
  class Joins {
    @OnEvent(Placed)
    begin(placed: Placed): Placed {
      return placed;
    }

    @Step({ after: 'begin' })
    reserve(placed: Placed): Placed {
      placed.items.push('reserved');
      return placed;
    }

    @Step({ after: 'begin' })
    charge(placed: Placed): Placed {
      placed.total += 1;
      return placed;
    }

    @Step({ after: ['reserve', 'charge'] })
    ship(reserved: Placed, charged: Placed): unknown {
      return { items: reserved.items, total: charged.total, untouched: [reserved.total, charged.items] };
    }
  }

  test('gets each branch’s own value: no branch sees, or overwrites, what another one changed', async () => {
    const app = await openApp([Joins]);
    const handle = (await app.publish(Placed, order)).of(Joins);
    expect(await handle.result()).toEqual(order);
    expect((await handle.steps()).at(-1)?.value).toEqual({
      items: ['cup', 'pen', 'pad', 'reserved'],
      total: 50,
      untouched: [49, ['cup', 'pen', 'pad']],
    });
  });

  test('with a failed branch lets the other finish and never begins; several failures give the first', async () => {
    const app = await openApp([Joins]);
    app.override(Joins, 'reserve', async () => {
      throw new NonRetryableError('sold out');
    });
    const one = (await app.publish(Placed, order)).of(Joins);
    await expect(one.result()).rejects.toThrow('sold out');
    expect((await one.steps()).map(({ path, status }) => `${path} ${status}`).sort()).toEqual([
      'begin/charge completed',
      'begin/reserve failed',
    ]);
    app.override(Joins, 'charge', async () => {
      throw new NonRetryableError('declined');
    });
    const two = (await app.publish(Placed, order)).of(Joins);
    await expect(two.result()).rejects.toThrow('declined');
    expect(await two.steps()).toHaveLength(2);
  });

  @Worker('races')
  class Races {
    @OnEvent(Placed)
    begin({ id }: Placed): string {
      return id;
    }

    @Step({ after: 'begin' })
    async slow(id: string): Promise<string> {
      await new Promise<void>((resolve) => void setImmediate(() => setImmediate(resolve)));
      return `slow ${id}`;
    }

    @Step({ after: 'begin' })
    fast(id: string): string {
      return `fast ${id}`;
    }

    @Step({ after: ['slow', 'fast'], join: 'any' })
    use(value: string): string {
      return `use ${value}`;
    }
  }

  const useOf = async (handle: { steps(): Promise<readonly { path: string; value?: unknown }[]> }) =>
    (await handle.steps()).find(({ path }) => path === 'begin/use')?.value;

  test('any begins with the first success, and the others still end', async () => {
    const app = await openApp([Races]);
    const handle = (await app.publish(Placed, order)).of(Races);
    await handle.result();
    expect(await useOf(handle)).toBe('use fast o-1');
    expect((await handle.steps()).map(({ path }) => path)).toContain('begin/slow');
  });

  test('any goes around a failure, which then does not fail the execution; when all fail, the first does', async () => {
    const app = await openApp([Races]);
    app.override(Races, 'fast', () => {
      throw new NonRetryableError('fast is down');
    });
    const one = (await app.publish(Placed, order)).of(Races);
    expect([await one.result(), await useOf(one)]).toEqual(['o-1', 'use slow o-1']);
    app.override(Races, 'slow', () => {
      throw new NonRetryableError('slow is down');
    });
    const two = (await app.publish(Placed, order)).of(Races);
    await expect(two.result()).rejects.toThrow('is down');
    expect(await useOf(two)).toBeUndefined();
  });
});

describe('A12 · a route', () => {
  @Worker('routes')
  class Routes {
    @OnEvent(Placed)
    size({ total }: Placed): number {
      return total;
    }

    @Step({ after: 'size', when: (total: number) => total > 1_000 })
    review(total: number): string {
      return `reviewed ${total}`;
    }

    @Step({ after: 'size', when: (total: number) => total > 5_000 })
    insure(total: number): string {
      return `insured ${total}`;
    }

    @Step({ after: 'size', when: 'otherwise' })
    accept(total: number): string {
      return `accepted ${total}`;
    }

    @Step({ after: 'insure' })
    file(insurance: string): string {
      return `filed: ${insurance}`;
    }

    @Step({ after: ['review', 'accept'], join: 'any' })
    tell(what: string): string {
      return `told: ${what}`;
    }
  }

  test.each([
    [49, { review: null, insure: null, accept: 'accepted 49', file: null, tell: 'told: accepted 49' }],
    [2_000, { review: 'reviewed 2000', insure: null, accept: null, file: null, tell: 'told: reviewed 2000' }],
    [
      9_000,
      {
        review: 'reviewed 9000',
        insure: 'insured 9000',
        accept: null,
        file: 'filed: insured 9000',
        tell: 'told: reviewed 9000',
      },
    ],
  ])(
    'of %d takes every branch whose predicate is true, else the fallback; the rest is skipped',
    async (total, expected) => {
      const app = await openApp([Routes]);
      const skipped: string[] = [];
      app.on('step.skipped', ({ step }) => skipped.push(step));
      const handle = (await app.publish(Placed, { ...order, total })).of(Routes);
      await handle.result();
      const found = Object.fromEntries(
        (await handle.steps()).map(({ path, status, value }) => [
          path.slice('size/'.length),
          status === 'skipped' ? null : value,
        ]),
      );
      expect(found).toEqual(expected);
      const nulls = Object.entries(expected).filter(([, value]) => value === null);
      expect(skipped.sort()).toEqual(nulls.map(([name]) => `size/${name}`).sort());
    },
  );

  @Worker('half-routes')
  class HalfRoutes {
    @OnEvent(Placed)
    size({ total }: Placed): number {
      return total;
    }

    @Step({ after: 'size', when: (total: number) => total > 100 })
    big(): string {
      ran.push('big');
      return 'big';
    }

    @Step({ after: 'size' })
    always(): string {
      ran.push('always');
      return 'always';
    }
  }

  test('without a branch and without a fallback fails with NoRouteError, which says what to write', async () => {
    const app = await openApp([HalfRoutes]);
    const handle = (await app.publish(Placed, order)).of(HalfRoutes);
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NoRouteError);
    expect((error as Error).message).toBe(
      "the value of 'size' is taken by none of the branches 'big': every `when` answered false. " +
        "Declare a branch for the rest: @Step({ after: 'size', when: 'otherwise' })",
    );
    expect(ran).toEqual(['always']);
  });

  test('is decided once: a predicate that would answer otherwise after a crash changes nothing', async () => {
    let limit = 10;
    @Worker('fickle')
    class Fickle {
      @OnEvent(Placed)
      size({ total }: Placed): number {
        return total;
      }

      @Step({ after: 'size', when: (total: number) => total > limit })
      big(): string {
        ran.push(`big, attempt ${execution().attempt}`);
        if (execution().attempt === 1) throw new Error('again');
        return 'big';
      }

      @Step({ after: 'size', when: 'otherwise' })
      small(): string {
        ran.push('small');
        return 'small';
      }
    }
    const app = await openApp([Fickle]);
    const handle = (await app.publish(Placed, order)).of(Fickle);
    await app.settle();
    await app.crash();
    limit = 1_000;
    await app.restart();
    await app.advance('1 minute');
    await handle.result();
    expect(ran).toEqual(['big, attempt 1', 'big, attempt 2']);
  });
});

describe('A14 · steps of a worker', () => {
  abstract class Base {
    abstract begin(placed: Placed): string;

    @Step({ after: 'begin' })
    inherited(id: string): string {
      return `inherited ${id}`;
    }
  }
  abstract class Handling extends Base {
    @OnEvent(Placed)
    begin({ id }: Placed): string {
      return id;
    }

    @Step({ after: 'inherited' })
    overridden(text: string): string {
      return `base of ${text}`;
    }
  }

  @Worker('child')
  class Child extends Handling {
    @Step({ after: 'inherited' })
    override overridden(text: string): string {
      return `child of ${text}`;
    }
  }

  test('come with their class: nothing is registered, inherited steps run, and an override replaces its own', async () => {
    const app = await openApp([Child]);
    const handle = (await app.publish(Placed, order)).of(Child);
    await handle.result();
    expect((await handle.steps()).map(({ path, value }) => [path, value])).toEqual([
      ['begin/inherited', 'inherited o-1'],
      ['begin/overridden', 'child of inherited o-1'],
    ]);
  });
});
