// node --import @swc-node/register/esm-register samples/approval/main.ts
import { IsPositive, IsString } from 'class-validator';
import { Event, OnEvent, race, run, sleep, Step, waitForAny, Worker } from 'holdfast';
import { TestApp } from 'holdfast/testing';

@Event('purchase.requested')
class PurchaseRequested {
  @IsString() id!: string;
  @IsString() what!: string;
  @IsPositive() price!: number;
}

@Event('purchase.approved', { correlate: 'id' })
class PurchaseApproved {
  @IsString() id!: string;
  @IsString() by!: string;
}

@Event('purchase.rejected', { correlate: 'id' })
class PurchaseRejected {
  @IsString() id!: string;
  @IsString() why!: string;
}

@Event('order')
class Order {
  @IsString() what!: string;
  @IsPositive() price!: number;
}

class Mailer {
  send(to: string, text: string): void {
    console.log(`mail to ${to}: ${text}`);
  }
}

@Worker('orders')
class OrderWorker {
  @OnEvent(Order)
  async buy({ what, price }: Order): Promise<string> {
    await sleep('3 hours');
    return `${what} for ${price}`;
  }
}

@Worker('purchases')
class PurchaseWorker {
  constructor(private readonly mailer: Mailer) {}

  /** The manager has two days, and is reminded after the first. No process has to live meanwhile. */
  @OnEvent(PurchaseRequested)
  async approve(request: PurchaseRequested): Promise<string> {
    await this.mail('manager', `may we buy ${request.what}?`);
    for (const day of [1, 2]) {
      const first = await race({
        answer: () => waitForAny([PurchaseApproved, PurchaseRejected], { key: request.id }),
        end: () => sleep('1 day'),
      });
      if (first.winner === 'answer') return this.decided(request, first.value);
      if (day === 1) await this.mail('manager', `reminder: may we buy ${request.what}?`);
    }
    return 'nobody answered';
  }

  /** What is approved is bought by an execution of its own: this one waits for it, and cancels it when it is cancelled itself. */
  private async decided(
    { what, price }: PurchaseRequested,
    answer: PurchaseApproved | PurchaseRejected,
  ): Promise<string> {
    if (answer instanceof PurchaseRejected) return `rejected: ${answer.why}`;
    return `approved by ${answer.by}: ${await run(OrderWorker, 'buy', { what, price })}`;
  }

  @Step()
  async mail(to: string, text: string): Promise<void> {
    this.mailer.send(to, text);
  }
}

// Virtual time: the two days take none.
const app = await TestApp.create({ workers: [PurchaseWorker, OrderWorker], providers: [Mailer] });
const request = async (id: string, what: string, price: number) =>
  (await app.publish(PurchaseRequested, { id, what, price })).of(PurchaseWorker, 'approve');

const desk = await request('p-1', 'a desk', 300);
const lamp = await request('p-2', 'a lamp', 40);
const piano = await request('p-3', 'a piano', 9_000);
await app.settle();

await app.publish(PurchaseRejected, { id: 'p-2', why: 'we have one' });
await app.advance('30 hours');
await app.crash();
await app.restart();
await app.publish(PurchaseApproved, { id: 'p-1', by: 'Ada' });
await app.advance('1 day');

for (const { id } of [desk, lamp, piano]) console.log(await app.execution(id).result());
for (const { worker, handler, status } of await app.executions.list({ worker: OrderWorker }))
  console.log(`child: ${worker}.${handler} ${status}`);
await app.close();
