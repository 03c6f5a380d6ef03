import { OnEvent, sleep, Step, Worker } from 'holdfast';
import { Mailer, OrderPlaced, Payments, Shop } from './shop.js';

/** Passes every test that does not crash. It has four mistakes. */
@Worker('orders')
export class WrongOrders {
  constructor(
    private readonly payments: Payments,
    private readonly mailer: Mailer,
    private readonly shop: Shop,
  ) {}

  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced): Promise<string> {
    const receipt = await this.charge(order.orderId, order.total);
    await this.mailer.send(`${order.orderId} is paid`); // 1: no step, so each resume sends it again
    await this.book(order.total);
    await sleep('1 hour');
    await this.label(`${receipt}, packed at ${Date.now()}`); // 2: another text after each crash
    return receipt;
  }

  /** 3: the bank cannot tell a repeat from a second order. */
  @Step()
  async charge(orderId: string, total: number): Promise<string> {
    return this.payments.charge(orderId, total);
  }

  /** 4: adds, so that a repeat adds twice. */
  @Step()
  async book(total: number): Promise<void> {
    await this.shop.addSale(total);
  }

  @Step()
  async label(text: string): Promise<string> {
    return text.toUpperCase();
  }
}
