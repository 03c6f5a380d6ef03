import { setTimeout as pause } from 'node:timers/promises';
import { IsPositive, IsString } from 'class-validator';
import { Event, execution, OnEvent, Step, Worker } from 'holdfast';
import { Payments } from './payments.js';
import { RunLog } from './run-log.js';

@Event('order.placed')
export class OrderPlaced {
  @IsString() orderId!: string;
  @IsPositive() cents!: number;
}

@Worker()
export class OrderWorker {
  constructor(
    private readonly payments: Payments,
    private readonly runs: RunLog,
  ) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced): Promise<string> {
    await this.reserve(order.orderId);
    const receipt = await this.charge(order.orderId, order.cents);
    return await this.ship(order.orderId, receipt);
  }

  @Step()
  async reserve(orderId: string): Promise<void> {
    this.runs.add(orderId, 'reserve');
    await pause(80);
  }

  @Step()
  async charge(orderId: string, cents: number): Promise<string> {
    this.runs.add(orderId, 'charge');
    return await this.payments.charge(orderId, cents, execution().idempotencyKey);
  }

  @Step()
  async ship(orderId: string, receipt: string): Promise<string> {
    this.runs.add(orderId, 'ship');
    await pause(80);
    return `${orderId} shipped with ${receipt}`;
  }
}
