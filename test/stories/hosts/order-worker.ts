import { IsPositive, IsString } from 'class-validator';
import { Event, execution, Inject, Injectable, METRICS, OnEvent, Step, Worker, WorkerApp } from 'holdfast';
import type { Metrics } from 'holdfast';

@Injectable()
export class Payments {
  charge(orderId: string, _total: number, key: string): string {
    return `receipt of ${orderId} (${key.length > 0 ? 'keyed' : 'no key'})`;
  }
}

@Event('order.placed')
export class OrderPlaced {
  @IsString() orderId!: string;
  @IsPositive() total!: number;
}

@Event('order.paid')
export class OrderPaid {
  @IsString() receipt!: string;
}

/** One file for both hosts: it knows neither. */
@Worker()
export class OrderWorker {
  readonly paid: string[] = [];

  constructor(
    private readonly payments: Payments,
    private readonly app: WorkerApp,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced): Promise<string> {
    const receipt = await this.charge(order.orderId, order.total);
    await this.app.publish(OrderPaid, { receipt });
    return receipt;
  }

  @OnEvent(OrderPaid)
  thank(event: OrderPaid): void {
    this.paid.push(event.receipt);
  }

  @Step()
  async charge(orderId: string, total: number): Promise<string> {
    this.metrics.increment('charges', {});
    return this.payments.charge(orderId, total, execution().idempotencyKey);
  }
}
