import { defineEvent, OnEvent, sleep, Step, Worker } from 'holdfast';
import { z } from 'zod';

export const Placed = defineEvent('cli.placed', z.object({ n: z.number() }));

@Worker('orders')
export class OrderWorker {
  @OnEvent(Placed)
  async fulfil({ n }: { n: number }): Promise<string> {
    if (n < 0) await sleep('1 hour');
    const receipt = await this.charge(n);
    await sleep('1 hour');
    return receipt;
  }

  @Step() async charge(n: number): Promise<string> {
    return `charge ${n}`;
  }
}

@Worker('mails')
export class MailWorker {
  @OnEvent('cli.mail')
  async send(): Promise<void> {}
}
