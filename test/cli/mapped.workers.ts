import { defineEvent, OnEvent, RenamedFrom, Step, Worker } from 'holdfast';
import { z } from 'zod';

const Placed = defineEvent('cli.placed', z.object({ n: z.number() }));

@Worker('orders')
class OrderWorker {
  @OnEvent(Placed)
  async fulfil({ n }: { n: number }): Promise<string> {
    return this.bill(n);
  }

  @Step()
  @RenamedFrom('charge')
  async bill(n: number): Promise<string> {
    return `bill ${n}`;
  }

  @Step({ after: 'fulfil', description: 'Says "thank you"' })
  async thank(_receipt: string): Promise<void> {}
}

export default [OrderWorker];
