import { IsEmail, IsPositive, IsUUID } from 'class-validator';
import { Event, execution, exponential, OnEvent, Retry, sleep, Step, Timeout, Worker } from 'holdfast';
import { CardDeclined, Mailer, Payments, type Receipt } from './providers.js';

@Event('order.placed') // the name on the wire; the class is the schema
export class OrderPlaced {
  @IsUUID() orderId!: string;
  @IsEmail() email!: string;
  @IsPositive() total!: number;
}

@Worker() // id: 'order-worker'
export class OrderWorker {
  constructor(
    private readonly payments: Payments,
    private readonly mailer: Mailer,
  ) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced): Promise<Receipt> {
    const receipt = await this.charge(order.orderId, order.total); // never runs again once stored
    await sleep('1 second'); // a durable timer: it outlives the process, and holds no slot
    await this.confirm(order.email, receipt);
    return receipt;
  }

  @Step()
  @Retry({
    maxAttempts: 5,
    backoff: exponential('100ms', { max: '30s' }),
    retryIf: (error) => !(error instanceof CardDeclined),
  })
  @Timeout('10s')
  charge(orderId: string, total: number): Promise<Receipt> {
    return this.payments.charge(orderId, total, execution().idempotencyKey);
  }

  @Step()
  confirm(email: string, receipt: Receipt): Promise<void> {
    return this.mailer.send(email, `Paid ${receipt.total}, receipt ${receipt.id}`);
  }
}
