import { setTimeout as pause } from 'node:timers/promises';
import { defineEvent, OnEvent, Step, Worker } from 'holdfast';

interface Called {
  readonly n: number;
}

/** What a call is answered with. */
export interface Answer {
  readonly value: number;
  /** The process that ran it. */
  readonly by: number;
}

export const Call = defineEvent('call', {
  '~standard': {
    version: 1,
    vendor: 'calls',
    validate: (value: unknown) => ({ value: value as Called }),
    types: undefined as { readonly input: Called; readonly output: Called } | undefined,
  },
});

/** So many executions run in one process: fewer than it waits for, so that others run them. */
export const SLOTS = 4;
export const IN_FLIGHT = 25;

@Worker('calls')
export class CallWorker {
  @OnEvent(Call)
  async answer({ n }: Called): Promise<Answer> {
    return { value: await this.double(n), by: process.pid };
  }

  @Step()
  async double(n: number): Promise<number> {
    await pause(n % 10);
    return 2 * n;
  }
}
