import { defineEvent, type EventData } from 'holdfast';
import { z } from 'zod';

export const OrderPlaced = defineEvent('order.placed', z.object({ orderId: z.string(), total: z.number() }));
export type OrderPlaced = EventData<typeof OrderPlaced>;

/** A payment provider as most are: it charges what it is asked to, and knows a repeat by its key. */
export class Payments {
  readonly charges = new Map<string, number>();
  async charge(orderId: string, total: number, key = `call ${this.charges.size + 1}`): Promise<string> {
    this.charges.set(key, total);
    return `receipt of ${orderId}`;
  }
}

export class Mailer {
  async send(_text: string, _idempotencyKey?: string): Promise<void> {}
}

export class Shop {
  private readonly sold = new Map<string, number>();
  async addSale(total: number): Promise<void> {
    this.sold.set('total', (this.sold.get('total') ?? 0) + total);
  }
  async setSale(orderId: string, total: number): Promise<void> {
    this.sold.set(orderId, total);
  }
  revenue(): number {
    return [...this.sold.values()].reduce((sum, total) => sum + total, 0);
  }
}
