import { defineEvent, OnEvent, Step, Worker } from 'holdfast';
import { z } from 'zod';

const Placed = defineEvent('cli.placed', z.object({ n: z.number() }));

@Worker('orders')
class OrderWorker {
  @OnEvent(Placed)
  async fulfil({ n }: { n: number }): Promise<string> {
    return this.bill(n);
  }

  @Step() async bill(n: number): Promise<string> {
    return `bill ${n}`;
  }
}

@Worker('mails')
class MailWorker {
  @OnEvent('cli.mail')
  async send(): Promise<void> {}
}

export const workers = [OrderWorker, MailWorker];
