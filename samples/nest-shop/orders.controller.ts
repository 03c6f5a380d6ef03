import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, NotFoundException, Param, Post, UseFilters } from '@nestjs/common';
import { WorkerApp } from 'holdfast';
import { InvalidEventFilter } from './invalid-event.filter.js';
import { OrderPlaced, OrderShipped } from './order.events.js';
import { type Order, Orders } from './orders.js';

@Controller('orders')
@UseFilters(InvalidEventFilter)
export class OrdersController {
  constructor(
    private readonly workers: WorkerApp,
    private readonly orders: Orders,
  ) {}

  /** The order is accepted when this answers: a crash right after it loses nothing. The same id twice is one order. */
  @Post()
  @HttpCode(202)
  async place(
    @Body() { id = randomUUID(), ...order }: { id?: string; email: string; total: number },
  ): Promise<{ id: string }> {
    await this.workers.publish(OrderPlaced, { orderId: id, ...order }, { id });
    return { id };
  }

  /** From the warehouse. */
  @Post(':id/shipped')
  @HttpCode(202)
  async shipped(@Param('id') orderId: string, @Body() { tracking }: { tracking: string }): Promise<void> {
    await this.workers.publish(OrderShipped, { orderId, tracking }, { id: `${orderId} shipped` });
  }

  @Get(':id')
  async show(@Param('id') id: string): Promise<Order> {
    const order = await this.orders.find(id);
    if (order === null) throw new NotFoundException();
    return order;
  }
}
