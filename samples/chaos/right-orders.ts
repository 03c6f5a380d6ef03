import { execution, OnEvent, sleep, Step, Worker } from 'holdfast';
import { Mailer, OrderPlaced, Payments, Shop } from './shop.js';

/** `WrongOrders`, mended as its report says. */
@Worker('orders')
export class RightOrders {
  constructor(
    private readonly payments: Payments,
    private readonly mailer: Mailer,
    private readonly shop: Shop,
  ) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced): Promise<string> {
    const receipt = await this.charge(order.orderId, order.total);
    await this.notify(order.orderId);
    await this.book(order.orderId, order.total);
    await sleep('1 hour');
    await this.label(`${receipt}, packed at ${execution().now()}`);
    return receipt;
  }

  @Step()
  async charge(orderId: string, total: number): Promise<string> {
    return this.payments.charge(orderId, total, execution().idempotencyKey);
  }

  @Step()
  async notify(orderId: string): Promise<void> {
    await this.mailer.send(`${orderId} is paid`, execution().idempotencyKey);
  }

  /** Sets what belongs to this order: a repeat changes nothing, which `repeatable` tells the matrix. */
  @Step()
  async book(orderId: string, total: number): Promise<void> {
    await this.shop.setSale(orderId, total);
  }

  @Step()
  async label(text: string): Promise<string> {
    return text.toUpperCase();
  }
}
