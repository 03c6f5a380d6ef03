import type { Logger } from '../../ports/logger.js';

/** A logger that may change, and whose failures disturb nothing. */
export function guardedLogger(logger: () => Logger): Logger {
  const write =
    (level: keyof Logger): Logger['info'] =>
    (message, details) => {
      try {
        logger()[level](message, details);
      } catch {
        // A broken logger must not stop the work it would tell of.
      }
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
