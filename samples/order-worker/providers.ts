/** What the worker is given. Ordinary classes: they know nothing of Holdfast. */
export interface Receipt {
  readonly id: string;
  readonly total: number;
}

export class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
}

export class Payments {
  private calls = 0;

  /** The first call finds the provider busy: a retry follows. */
  async charge(orderId: string, total: number, idempotencyKey: string): Promise<Receipt> {
    this.calls++;
    console.log(`payments: call ${this.calls} for ${orderId}, key ${idempotencyKey}`);
    if (this.calls === 1) throw new Error('503 Service Unavailable');
    if (total > 1_000) throw new CardDeclined('over the limit');
    return { id: `receipt-${orderId.slice(0, 8)}`, total };
  }
}

export class Mailer {
  async send(to: string, text: string): Promise<void> {
    console.log(`mail to ${to}: ${text}`);
  }
}
