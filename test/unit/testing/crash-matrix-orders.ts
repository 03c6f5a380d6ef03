import { defineEvent, execution, OnEvent, Step, Worker } from 'holdfast';
import type { CrashMatrixReport } from 'holdfast/testing';
import { z } from 'zod';

export const Ordered = defineEvent('ordered', z.object({ id: z.string(), total: z.number() }));
export const Shipped = defineEvent('shipped', z.object({ id: z.string() }));
export type Ordered = { readonly id: string; readonly total: number };

export const ordered = [Ordered, { id: '1', total: 20 }] as const;

export class Payments {
  #charged = 0;
  async charge(id: string, _total: number, _key?: string): Promise<string> {
    this.#charged++;
    return `receipt ${id}`;
  }
  async refund(_receipt: string, _key?: string): Promise<void> {}
  async findReceipt(id: string): Promise<string> {
    return `${this.#charged > 0 ? '' : 'no '}receipt ${id}`;
  }
}

@Worker('orders')
export class WithoutKey {
  constructor(protected readonly payments: Payments) {}

  @OnEvent(Ordered)
  async fulfil({ id, total }: Ordered): Promise<string> {
    const receipt = await this.charge(id, total);
    return this.confirm(receipt);
  }
  @Step() async charge(id: string, total: number): Promise<string> {
    return this.payments.charge(id, total);
  }
  @Step() async confirm(receipt: string): Promise<string> {
    return `confirmed ${receipt}`;
  }
}

@Worker('orders')
export class WithKey extends WithoutKey {
  constructor(payments: Payments) {
    super(payments);
  }
  @Step() override async charge(id: string, total: number): Promise<string> {
    return this.payments.charge(id, total, execution().idempotencyKey);
  }
}

/** Kind, step and effect of each. */
export const failures = (report: CrashMatrixReport): unknown =>
  report.failures.map(({ kind, step, effect }) => [kind, step, effect]);
