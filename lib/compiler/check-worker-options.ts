import type { WorkerOptions } from '../metadata/class-metadata.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const KNOWN = new Set(['id', 'inject', 'description', 'logLevel']);
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];

/** Notes options of `@Worker` that are unknown or of the wrong kind; the id is checked apart. */
export function checkWorkerOptions(options: WorkerOptions, mistakes: ClassMistakes): void {
  if (typeof options !== 'object' || options === null) {
    mistakes.add(
      null,
      `@Worker has ${show(options)}`,
      "Write @Worker(), @Worker('orders') or @Worker({ id: 'orders' })",
    );
    return;
  }
  const refuse = (option: string, found: unknown, write: string): void => {
    mistakes.add(null, `@Worker has ${option}: ${show(found)}`, write);
  };
  for (const option of Object.keys(options)) {
    if (!KNOWN.has(option))
      refuse(option, Reflect.get(options, option), `Write one of ${[...KNOWN].join(', ')}`);
  }
  const { description, inject, logLevel } = options;
  if (description !== undefined && typeof description !== 'string')
    refuse('description', description, 'Write text');
  if (inject !== undefined && !Array.isArray(inject)) {
    refuse('inject', inject, "Write the constructor's tokens in order: [Payments, METRICS]");
  }
  if (logLevel !== undefined && !LEVELS.includes(logLevel))
    refuse('logLevel', logLevel, `Write one of ${LEVELS.join(', ')}`);
}
