import { Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import { orders, ShopDatabase } from './shop-database.js';

export type Order = typeof orders.$inferSelect;

/** Orders as the shop shows them. Every write may be repeated: a step may run again when its process died. */
@Injectable()
export class Orders {
  constructor(private readonly database: ShopDatabase) {}

  async save(order: Order): Promise<void> {
    await this.database.query.insert(orders).values(order).onConflictDoNothing();
  }

  async mark(id: string, status: Order['status']): Promise<void> {
    await this.database.query.update(orders).set({ status }).where(eq(orders.id, id));
  }

  async find(id: string): Promise<Order | null> {
    const [found] = await this.database.query.select().from(orders).where(eq(orders.id, id));
    return found ?? null;
  }
}
