import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

interface Charge {
  readonly idempotencyKey: string;
  readonly orderId: string;
  readonly cents: number;
}

/**
 * Stands for a payment provider: it lives outside of every process of the shop, and keeps its books in a file. As real
 * ones do, it charges once for each idempotency key, however often it is asked.
 */
export class Payments {
  private readonly ledger: string;

  constructor(folder: string) {
    this.ledger = join(folder, 'ledger.jsonl');
  }

  async charge(orderId: string, cents: number, idempotencyKey: string): Promise<string> {
    await pause(60);
    const charged = this.charges().some((charge) => charge.idempotencyKey === idempotencyKey);
    if (!charged) appendFileSync(this.ledger, `${JSON.stringify({ idempotencyKey, orderId, cents })}\n`);
    await pause(120); // The answer travels back: whoever dies now does not know that the money has moved.
    return `receipt-${orderId}`;
  }

  charges(): readonly Charge[] {
    if (!existsSync(this.ledger)) return [];
    return readFileSync(this.ledger, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Charge);
  }
}
