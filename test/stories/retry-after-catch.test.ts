import {
  Compensate,
  defineEvent,
  execution,
  NonRetryableError,
  OnEvent,
  Retry,
  Step,
  Worker,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ id: z.string() }));

/** A provider that answers a key that it knows with what it did first, refunded or not. */
class Bank {
  readonly isRefunded = new Map<string, boolean>();
  isOutOfStock = true;

  charge(key: string): string {
    if (!this.isRefunded.has(key)) this.isRefunded.set(key, false);
    return key;
  }
}

@Worker('caught')
class Caught {
  constructor(readonly bank: Bank) {}

  @OnEvent(Placed)
  async buy(): Promise<string> {
    const receipt = await this.charge();
    try {
      await this.reserve();
    } catch (error) {
      await this.refund(receipt);
      throw new NonRetryableError('out of stock', { cause: error });
    }
    return receipt;
  }

  @Step() async charge(): Promise<string> {
    return this.bank.charge(execution().idempotencyKey);
  }

  @Step()
  @Retry({ maxAttempts: 1 })
  async reserve(): Promise<void> {
    if (this.bank.isOutOfStock) throw new Error('none left');
  }

  @Step() async refund(receipt: string): Promise<void> {
    this.bank.isRefunded.set(receipt, true);
  }
}

@Worker('undone')
class Undone {
  constructor(readonly bank: Bank) {}

  @OnEvent(Placed)
  async buy(): Promise<string> {
    const receipt = await this.charge();
    await this.reserve();
    return receipt;
  }

  @Step() async charge(): Promise<string> {
    return this.bank.charge(execution().idempotencyKey);
  }

  @Compensate('charge') async refund(receipt: string): Promise<void> {
    this.bank.isRefunded.set(receipt, true);
  }

  @Step()
  @Retry({ maxAttempts: 1 })
  async reserve(): Promise<void> {
    if (this.bank.isOutOfStock) throw new Error('none left');
  }
}

async function failed(worker: typeof Caught | typeof Undone) {
  const bank = new Bank();
  const app = await TestApp.create({ workers: [worker], providers: [{ provide: Bank, useValue: bank }] });
  const handle = (await app.publish(Placed, { id: '1' }, { id: '1' })).of(worker, 'buy');
  await app.settle();
  expect(await handle.status()).toBe('failed');
  expect([...bank.isRefunded.values()]).toEqual([true]);
  bank.isOutOfStock = false;
  return { app, bank, handle };
}

test.each([[undefined], [{ from: 'charge' }]])(
  'what a catch undid stays undone: retry(%j) completes with the charge that was refunded',
  async (options) => {
    const { app, bank, handle } = await failed(Caught);
    await using _ = app;
    await handle.retry(options);
    const receipt = await handle.result();
    expect(Array.from(bank.isRefunded)).toEqual([[receipt, true]]);
  },
);

test('an event that is published anew under a new id is charged anew', async () => {
  const { app, bank } = await failed(Caught);
  await using _ = app;
  const receipt = await (await app.publish(Placed, { id: '1' }, { id: '1-again' }))
    .of(Caught, 'buy')
    .result();
  expect([...bank.isRefunded.values()]).toEqual([true, false]);
  expect(bank.isRefunded.get(receipt)).toBe(false);
});

test.each([[undefined], [{ from: 'charge' }]])(
  'what @Compensate undid is done again by retry(%j), under a new key',
  async (options) => {
    const { app, bank, handle } = await failed(Undone);
    await using _ = app;
    await handle.retry(options);
    const receipt = await handle.result();
    expect([...bank.isRefunded.values()]).toEqual([true, false]);
    expect(bank.isRefunded.get(receipt)).toBe(false);
  },
);
