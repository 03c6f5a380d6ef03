import { defineEvent, type EventData, OnEvent, sleep, Step, Worker } from 'holdfast';
import { z } from 'zod';

export const ReportAsked = defineEvent('report.asked', z.object({ customer: z.string() }));
type ReportAsked = EventData<typeof ReportAsked>;

@Worker('reports')
export class ReportWorker {
  @OnEvent(ReportAsked)
  async make({ customer }: ReportAsked): Promise<string> {
    const rows = await this.collect(customer);
    // Held by BullMQ as a delayed job: no slot, no process waits for it.
    await sleep('1s');
    return this.write(customer, rows);
  }

  @Step()
  async collect(customer: string): Promise<number> {
    return customer.length * 100;
  }

  @Step()
  async write(customer: string, rows: number): Promise<string> {
    return `${customer}: ${rows} rows, by the ${process.argv[2] ?? 'board'} process`;
  }
}
