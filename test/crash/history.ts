import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What processes and the driver saw, in the order in which it was appended: one file for all. `at` is epoch ms. */
export type Line =
  | {
      readonly saw: 'accepted';
      readonly eventId: string;
      readonly event: string;
      readonly executions: readonly string[];
      readonly pid: number;
      readonly at: number;
    }
  /** A worker process began to work. */
  | { readonly saw: 'up'; readonly pid: number; readonly at: number }
  | { readonly saw: 'pass'; readonly execution: string; readonly pid: number; readonly at: number }
  | {
      readonly saw: 'body';
      readonly execution: string;
      readonly step: string;
      readonly key: string;
      readonly attempt: number;
      readonly pid: number;
      readonly at: number;
      /** When the engine last looked whether its lease allows a body to begin. */
      readonly checkedAt: number;
    }
  /** The step's promise settled for its caller. */
  | {
      readonly saw: 'reported';
      readonly execution: string;
      readonly step: string;
      readonly pid: number;
      readonly at: number;
    }
  | {
      readonly saw: 'ended';
      readonly execution: string;
      readonly status: string;
      readonly pid: number;
      readonly at: number;
    }
  /** The process's lease was renewed; `sentAt`: when it asked. */
  | { readonly saw: 'renewed'; readonly sentAt: number; readonly pid: number; readonly at: number }
  /** The pass ended with a durable wait. */
  | { readonly saw: 'waiting'; readonly execution: string; readonly pid: number; readonly at: number }
  /** A waiter learned how an execution ended: its value, or the error's class. */
  | {
      readonly saw: 'settled';
      readonly execution: string;
      readonly value: unknown;
      readonly error: string | null;
      readonly pid: number;
      readonly at: number;
    }
  /** What befell the store's server, or the way to it. */
  | { readonly saw: 'server'; readonly what: string; readonly pid: number; readonly at: number }
  /** A process began to wait for the result of that call. */
  | { readonly saw: 'asked'; readonly call: number; readonly pid: number; readonly at: number }
  | {
      readonly saw: 'answered';
      readonly call: number;
      readonly value: unknown;
      /** The process that made the value. */
      readonly by: number;
      readonly pid: number;
      readonly at: number;
    }
  /** The wait ended otherwise: by `AppClosedError`, or by what should not be. */
  | {
      readonly saw: 'refused';
      readonly call: number;
      readonly error: string;
      readonly pid: number;
      readonly at: number;
    }
  /** What the driver did to a process. */
  | { readonly saw: 'killed' | 'stopped' | 'continued'; readonly pid: number; readonly at: number };

/** What a body did to the world outside. */
export interface Effect {
  readonly key: string;
  readonly attempt: number;
}

type Undated<Kind> = Kind extends Line ? Omit<Kind, 'pid' | 'at'> : never;

/** The history and effects of one run, in a folder. Every line is one write with O_APPEND: a kill leaves it whole. */
export class History {
  constructor(private readonly folder: string) {}

  add(line: Undated<Line>, pid: number = process.pid): void {
    appendFileSync(this.file('history'), `${JSON.stringify({ ...line, pid, at: Date.now() })}\n`);
  }

  addEffect(effect: Effect): void {
    appendFileSync(this.file('effects'), `${JSON.stringify(effect)}\n`);
  }

  lines(): readonly Line[] {
    return read<Line>(this.file('history'));
  }

  effects(): readonly Effect[] {
    return read<Effect>(this.file('effects'));
  }

  private file(name: string): string {
    return join(this.folder, `${name}.jsonl`);
  }
}

function read<Entry>(file: string): readonly Entry[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}
