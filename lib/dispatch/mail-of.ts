import { ConfigurationError } from '../model/errors-boot.js';
import { InvalidEventError } from '../model/errors-event.js';
import { fieldAt } from '../model/field-path.js';
import { keyText, type MailRule } from '../model/mailbox.js';
import type { NewMail } from '../ports/store-write.js';
import type { PublishRequest } from './publish-request.js';

/** What an event leaves for executions that wait for it. Throws `InvalidEventError` when its key is no plain value. */
export function mailOf(
  { definition, dueAt }: PublishRequest,
  { correlate, keepMs }: MailRule,
  data: unknown,
  payload: string,
  now: number,
): NewMail {
  if (dueAt !== null)
    throw new ConfigurationError([
      {
        option: 'publish options: delay, at',
        found: `event '${definition.name}' has correlate: it reaches those that wait for it at once`,
        write: 'Publish it when it is to arrive, for example after sleep() in a handler',
      },
    ]);
  const key = keyText(fieldAt(data, correlate));
  if (key === null)
    throw new InvalidEventError(definition.name, [
      {
        path: correlate,
        message: 'is the field that correlates the event: give text that is not empty, a number or a boolean',
      },
    ]);
  return { key, payload, schemaHash: definition.checker.schemaHash, until: now + keepMs };
}
