import type { Logger } from '../../ports/logger.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Of `consoleLogger`. */
export interface ConsoleLoggerOptions {
  /** The least level that is written; `'warn'` by default. `'silent'` writes nothing. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/**
 * Writes one line per message to the console, details as JSON, line breaks escaped.
 *
 * @example
 * await bootstrap({ workers: [OrderWorker], logger: consoleLogger({ level: 'info' }) });
 */
export function consoleLogger({ level = 'warn' }: ConsoleLoggerOptions = {}): Logger {
  const least = level === 'silent' ? LEVELS.length : LEVELS.indexOf(level);
  const write =
    (own: (typeof LEVELS)[number]) =>
    (message: string, details?: Readonly<Record<string, unknown>>): void => {
      if (LEVELS.indexOf(own) >= least) console[own](line(message, details));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** Writes nothing. */
export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function line(message: string, details: Readonly<Record<string, unknown>> = {}): string {
  const text = Object.keys(details).length === 0 ? message : `${message} ${asJson(details)}`;
  return `[holdfast] ${text.replace(/[\r\n\u2028\u2029]+/g, '\\n')}`;
}

function asJson(details: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(details, (_, value: unknown) =>
      value instanceof Error
        ? { name: value.name, message: value.message }
        : typeof value === 'bigint'
          ? `${value}n`
          : value,
    );
  } catch {
    return '{}';
  }
}
