import { UseInterceptors } from '@nestjs/common';
import { execution, NonRetryableError, OnEvent, Retry, Step, Timeout, waitFor, Worker } from 'holdfast';
import { Mailer } from './mailer.js';
import { OrderPlaced, OrderShipped } from './order.events.js';
import { Orders } from './orders.js';
import { Payments } from './payments.js';
import { StepLog } from './step-log.js';

/** What happens with an order, from its placing to its shipping, whatever happens to the process meanwhile. */
@Worker('orders')
@UseInterceptors(StepLog)
export class OrderWorker {
  constructor(
    private readonly orders: Orders,
    private readonly payments: Payments,
    private readonly mailer: Mailer,
  ) {}

  @OnEvent(OrderPlaced)
  async fulfil({ orderId, email, total }: OrderPlaced): Promise<string> {
    await this.save(orderId, email, total);
    try {
      await this.charge(orderId, total);
    } catch (error) {
      // Recorded with the step: after a crash it is caught again, and the card is not tried anew.
      await this.mark(orderId, 'declined');
      await this.mail(email, `We could not take ${total} from your card: ${(error as Error).message}`);
      return 'declined';
    }
    await this.mark(orderId, 'paid');
    const shipped = await waitFor(OrderShipped, { key: orderId, timeout: '3 days' });
    if (shipped === null) {
      await this.mark(orderId, 'late');
      await this.mail(email, 'Your order is late. We are sorry.');
      return 'late';
    }
    await this.mark(orderId, 'shipped');
    await this.mail(email, `Your order is on its way: ${shipped.tracking}`);
    return 'shipped';
  }

  @Step()
  async save(orderId: string, email: string, total: number): Promise<void> {
    await this.orders.save({ id: orderId, email, total, status: 'placed' });
  }

  /** An attempt may have reached the bank although its answer was lost: the key tells the bank that it is the same charge. */
  @Step()
  @Timeout('10s')
  @Retry({ maxAttempts: 5, retryIf: (error) => !(error instanceof NonRetryableError) })
  async charge(orderId: string, total: number): Promise<string> {
    return this.payments.charge(orderId, total, execution().idempotencyKey);
  }

  @Step()
  async mark(orderId: string, status: 'paid' | 'declined' | 'shipped' | 'late'): Promise<void> {
    await this.orders.mark(orderId, status);
  }

  @Step()
  async mail(to: string, text: string): Promise<void> {
    await this.mailer.send(to, text);
  }
}
