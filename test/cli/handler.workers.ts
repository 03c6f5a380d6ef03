import { defineEvent, OnEvent, Step, Worker } from 'holdfast';
import { z } from 'zod';

const Placed = defineEvent('cli.placed', z.object({ n: z.number() }));

@Worker('orders')
export class OrderWorker {
  @OnEvent(Placed)
  async accept({ n }: { n: number }): Promise<string> {
    return this.charge(n);
  }

  @Step() async charge(n: number): Promise<string> {
    return `charge ${n}`;
  }
}
