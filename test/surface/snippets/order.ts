import { IsEmail, IsPositive, IsString } from 'class-validator';
import { Event, execution, Injectable, OnEvent, Step, Worker, type WorkerApp } from 'holdfast';

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
  constructor(private readonly payments: Payments) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced): Promise<Receipt> {
    return await this.charge(order.orderId, order.total);
  }

  @Step()
  async charge(orderId: string, total: number): Promise<Receipt> {
    return await this.payments.charge(orderId, total, execution().idempotencyKey);
  }
}

export declare const app: WorkerApp;
export declare const orderId: string;
export declare const email: string;
export declare const total: number;
export declare const executionId: string;
