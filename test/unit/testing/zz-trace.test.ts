import { defineEvent, OnEvent, Step, Worker } from 'holdfast';
import { simulate } from 'holdfast/testing';
import { z } from 'zod';
const Deposited = defineEvent('deposited', z.object({ amount: z.number() }));
class Bank { balance = 0; async add(amount: number): Promise<void> { this.balance += amount; } }
@Worker()
class DepositWorker {
  constructor(private readonly bank: Bank) {}
  @OnEvent(Deposited)
  async deposit({ amount }: { amount: number }): Promise<void> { await this.credit(amount); }
  @Step()
  async credit(amount: number): Promise<void> { await this.bank.add(amount); }
}
test('x', async () => {
  const e = await simulate({
    workers: [DepositWorker],
    providers: () => [{ provide: Bank, useClass: Bank }],
    events: [[Deposited, { amount: 5 }]],
    seeds: 200,
    invariants: [{ name: 'the balance is the sum of all deposits', check: ({ get }) => expect(get(Bank).balance).toBe(5) }],
  }).catch((e) => e);
  console.log(String(e));
  const t = performance.now();
  const cpu = process.cpuUsage();
  const r = await simulate({ workers: [DepositWorker], providers: () => [{ provide: Bank, useClass: Bank }], events: [[Deposited, { amount: 5 }], [Deposited, { amount: 7 }]], seeds: 200 });
  console.log(String(r), performance.now() - t, process.cpuUsage(cpu).user / 1000);
}, 60000);
