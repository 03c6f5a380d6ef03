import { Injectable } from '@nestjs/common';
import { NonRetryableError } from 'holdfast';

/** The bank. Here it only pretends: every third call is too busy, and it has no credit for more than 1,000. */
@Injectable()
export class Payments {
  private calls = 0;
  private readonly receipts = new Map<string, string>();

  async charge(orderId: string, total: number, key: string): Promise<string> {
    if (total > 1_000) throw new NonRetryableError('no credit');
    if (++this.calls % 3 === 0) throw new Error('503 the bank is busy');
    const receipt = this.receipts.get(key) ?? `receipt-${orderId.slice(0, 8)}`;
    this.receipts.set(key, receipt);
    return receipt;
  }
}
