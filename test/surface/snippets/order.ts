import { IsEmail, IsPositive, IsString } from 'class-validator';
import {
  Event,
  execution,
  exponential,
  Injectable,
  OnEvent,
  Retry,
  sleep,
  Step,
  Timeout,
  Worker,
  type WorkerApp,
} from 'holdfast';

export { IsEmail, IsPositive, IsString, IsUUID } from 'class-validator';

export interface Receipt {
  readonly id: string;
  readonly amount: number;
}

export class CardDeclined extends Error {}

@Injectable()
export class Payments {
  async charge(orderId: string, total: number, _key: string): Promise<Receipt> {
    return { id: `receipt-${orderId}`, amount: total };
  }
  async refund(_receipt: Receipt, _key: string): Promise<void> {}
}

@Injectable()
export class Mailer {
  async send(_to: string, _text: string): Promise<void> {}
}

@Event('order.placed')
export class OrderPlaced {
  @IsString() orderId!: string;
  @IsEmail() email!: string;
  @IsPositive() total!: number;
}

@Event('order.changed')
export class OrderChanged {
  @IsString() orderId!: string;
  @IsPositive() total!: number;
}

@Worker()
export class OrderWorker {
  constructor(
    private readonly payments: Payments,
    private readonly mailer: Mailer,
  ) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced) {
    const receipt = await this.charge(order.orderId, order.total);
    await sleep('1 hour');
    try {
      await this.confirm(order.email, receipt.id);
    } catch {
      await this.refund(receipt);
      return null;
    }
    return receipt.id;
  }

  @Step()
  @Retry({
    maxAttempts: 5,
    backoff: exponential('1s', { max: '30s' }),
    retryIf: (e) => !(e instanceof CardDeclined),
  })
  @Timeout('10s')
  async charge(orderId: string, total: number) {
    return await this.payments.charge(orderId, total, execution().idempotencyKey);
  }

  @Step()
  async confirm(email: string, receipt: string) {
    await this.mailer.send(email, `Thank you. Your receipt: ${receipt}`);
  }

  @Step()
  async refund(receipt: Receipt) {
    await this.payments.refund(receipt, execution().idempotencyKey);
  }
}

export declare const app: WorkerApp;
export declare const orderId: string;
export declare const email: string;
export declare const total: number;
export declare const executionId: string;
