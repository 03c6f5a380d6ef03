import { ConfigurationError } from '../../model/errors-boot.js';
import { keyText } from '../../model/mailbox.js';
import { titleOf } from '../publishing/source-title.js';

/** The key that a call is given as `id`, as text. `what`: as the error names it. Throws `ConfigurationError`. */
export function givenKey(
  call: string,
  id: unknown,
  what: 'id of the actor' | 'id of the job' | 'key of the batch',
): string {
  const key = keyText(id);
  if (key !== null) return key;
  throw new ConfigurationError([
    { option: `${call}: id`, found: titleOf(id), write: `Give the ${what}: text that is not empty` },
  ]);
}
