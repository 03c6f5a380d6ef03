import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Run {
  readonly orderId: string;
  readonly step: string;
  /** Which worker process ran the step: 1, and after the kill 2. */
  readonly worker: number;
  /** Epoch ms. */
  readonly at: number;
}

/** One line for each time the code of a step begins: the demo's witness, not a part of Holdfast. */
export class RunLog {
  private readonly file: string;

  constructor(
    folder: string,
    private readonly worker: number,
  ) {
    this.file = join(folder, 'runs.jsonl');
  }

  add(orderId: string, step: string): void {
    appendFileSync(this.file, `${JSON.stringify({ orderId, step, worker: this.worker, at: Date.now() })}\n`);
  }

  read(): readonly Run[] {
    if (!existsSync(this.file)) return [];
    return readFileSync(this.file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Run);
  }
}
