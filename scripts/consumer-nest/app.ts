import { Injectable, Module } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { defineEvent, type ExecutionContext, memoryStore, OnEvent, Step, Worker } from 'holdfast';
import { WorkerModule } from 'holdfast/nest';

interface Order {
  readonly orderId: string;
}

const orderSchema: StandardSchemaV1<Order> = {
  '~standard': { version: 1, vendor: 'consumer', validate: (value) => ({ value: value as Order }) },
};

export const OrderPlaced = defineEvent('order.placed', orderSchema);

@Injectable()
export class Payments {
  charge(orderId: string): string {
    return `receipt of ${orderId}`;
  }
}

@Worker('orders')
export class OrderWorker {
  constructor(private readonly payments: Payments) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: Order, context: ExecutionContext): Promise<string> {
    return `${await this.charge(order.orderId)}, attempt ${context.attempt}`;
  }

  @Step()
  async charge(orderId: string): Promise<string> {
    return this.payments.charge(orderId);
  }
}

@Module({ imports: [WorkerModule.forFeature([OrderWorker])], providers: [Payments] })
class OrdersModule {}

@Module({
  imports: [WorkerModule.forRootAsync({ useFactory: async () => ({ store: memoryStore() }) }), OrdersModule],
})
export class AppModule {}
