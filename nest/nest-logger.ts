import { Logger as NestLogger } from '@nestjs/common';
import type { Logger } from '../lib/entries/index.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Of `nestLogger`. */
export interface NestLoggerOptions {
  /** The least level that is passed on; `'warn'` by default. Nest's own levels apply after it. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  /** Shown by Nest in brackets; `'Holdfast'` by default. */
  readonly context?: string;
}

/**
 * Writes to the logger of the Nest application, whichever it uses: `info` as `log`, details as the object that follows the
 * message. The default of `WorkerModule`.
 *
 * @example
 * WorkerModule.forRoot({ logger: nestLogger({ level: 'info' }) })
 */
export function nestLogger({ level = 'warn', context = 'Holdfast' }: NestLoggerOptions = {}): Logger {
  const logger = new NestLogger(context);
  const least = LEVELS.indexOf(level);
  const write =
    (own: (typeof LEVELS)[number], name: 'debug' | 'log' | 'warn' | 'error') =>
    (message: string, details?: Readonly<Record<string, unknown>>): void => {
      if (LEVELS.indexOf(own) < least) return;
      if (details === undefined) logger[name](message);
      else logger[name](message, details);
    };
  return {
    debug: write('debug', 'debug'),
    info: write('info', 'log'),
    warn: write('warn', 'warn'),
    error: write('error', 'error'),
  };
}
