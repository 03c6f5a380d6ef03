import { defineEvent, NonRetryableError, OnEvent, Step, TooManyItemsError, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Order = z.object({ total: z.number(), items: z.array(z.string()) });
const Placed = defineEvent('graph.placed', Order);
type Placed = z.infer<typeof Order>;

const order = { total: 49, items: ['cup', 'pen', 'pad'] };

const ran: string[] = [];
beforeEach(() => {
  ran.length = 0;
});

describe('A13 · a fan-out', () => {
  let running = 0;
  let most = 0;
  beforeEach(() => {
    running = 0;
    most = 0;
  });

  @Worker('fans')
  class Fans {
    @OnEvent(Placed)
    list({ items }: Placed): string[] {
      return items;
    }

    @Step({ after: 'list', each: { of: (items: string[]) => items, concurrency: 4 } })
    async pack(item: string): Promise<string> {
      ran.push(item);
      most = Math.max(most, ++running);
      for (let turn = 0; turn < 3 - (item.length % 3); turn++)
        await new Promise<void>((resolve) => void setImmediate(resolve));
      running--;
      return `${item}!`;
    }

    @Step({ after: 'pack' })
    label(packed: string[]): string {
      return packed.join(' ');
    }
  }

  const labelOf = async (handle: { steps(): Promise<readonly { path: string; value?: unknown }[]> }) =>
    (await handle.steps()).find(({ path }) => path === 'list/label')?.value;

  test('runs some items at a time and gives the results in the order of the items, equal items too', async () => {
    const app = await openApp([Fans]);
    const items = Array.from({ length: 20 }, (_, n) => 'x'.repeat(n % 7));
    const handle = (await app.publish(Placed, { ...order, items })).of(Fans);
    await handle.result();
    expect(await labelOf(handle)).toBe(items.map((item) => `${item}!`).join(' '));
    expect([ran.length, most]).toEqual([20, 4]);
  });

  test('over nothing gives an empty list', async () => {
    const app = await openApp([Fans]);
    const handle = (await app.publish(Placed, { ...order, items: [] })).of(Fans);
    await handle.result();
    expect([await labelOf(handle), ran]).toEqual(['', []]);
  });

  test('with a failed item lets the others finish, fails with it, and a retry runs that one alone', async () => {
    const app = await openApp([Fans]);
    let broken = true;
    app.override(Fans, 'pack', (item) => {
      ran.push(item);
      if (broken && item === 'pen') throw new NonRetryableError('no pen');
      return `${item}!`;
    });
    const handle = (await app.publish(Placed, order)).of(Fans);
    await expect(handle.result()).rejects.toThrow('no pen');
    expect(ran.sort()).toEqual(['cup', 'pad', 'pen']);
    broken = false;
    await handle.retry();
    await app.settle();
    expect([await handle.status(), await labelOf(handle)]).toEqual(['completed', 'cup! pen! pad!']);
    expect(ran).toHaveLength(4);
  });

  @Worker('wide')
  class Wide {
    @OnEvent(Placed)
    count({ total }: Placed): number {
      return total;
    }

    @Step({ after: 'count', each: (count: number) => Array.from({ length: count }, (_, n) => n) })
    square(n: number): number {
      return n * n;
    }

    @Step({ after: 'square' })
    sum(squares: number[]): number {
      return squares.reduce((sum, each) => sum + each, 0);
    }
  }

  test('takes 5,000 items, and refuses one more before any of them runs', async () => {
    const app = await openApp([Wide]);
    const most = (await app.publish(Placed, { ...order, total: 5_000 })).of(Wide);
    await most.result();
    expect((await most.steps()).find(({ path }) => path === 'count/sum')?.value).toBe(41_654_167_500);
    const more = (await app.publish(Placed, { ...order, total: 5_001 })).of(Wide);
    const error: unknown = await more.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TooManyItemsError);
    expect((error as Error).message).toContain("step 'square' fans out over 5001 items");
    expect(await more.steps()).toEqual([]);
  }, 20_000);

  test('over what is no list fails with what was found', async () => {
    @Worker('no-list')
    class NoList {
      @OnEvent(Placed)
      take(placed: Placed): Placed {
        return placed;
      }

      @Step({ after: 'take', each: (placed: Placed) => placed.total as unknown as string[] })
      pack(item: string): string {
        return item;
      }
    }
    const app = await openApp([NoList]);
    const handle = (await app.publish(Placed, order)).of(NoList);
    await expect(handle.result()).rejects.toMatchObject({
      code: 'NON_RETRYABLE',
      message: "each of step 'pack' gave number: write each: (value) => value.items, a list",
    });
  });
});
