import type { DefinitionMistake } from '../../model/errors-boot.js';
import { DefinitionError } from '../../model/errors-boot.js';
import { DURATION_FORMS, parseDuration } from '../../model/duration.js';
import { DEFAULT_KEEP, type MailRule } from '../../model/mailbox.js';
import { titleOf } from './source-title.js';

/** How an event finds those that wait for it; null: nobody can. Throws `DefinitionError` for options that cannot work. */
export function mailRuleOf(
  source: object,
  { correlate, keep }: { readonly correlate?: unknown; readonly keep?: unknown },
): MailRule | null {
  const mistakes: DefinitionMistake[] = [];
  const wrong = (found: string, write: string): void => {
    mistakes.push({ class: titleOf(source), member: null, found, write });
  };
  const keepMs = parseDuration((keep ?? DEFAULT_KEEP) as typeof DEFAULT_KEEP);
  if (keepMs === null || !(keepMs > 0))
    wrong(`its keep is ${JSON.stringify(keep)}`, `Write more than 0: ${DURATION_FORMS}`);
  const isText = typeof correlate === 'string' && correlate !== '';
  if (correlate !== null && correlate !== undefined && !isText)
    wrong(`its correlate is ${JSON.stringify(correlate)}`, "Write the name of a field: 'orderId'");
  if (mistakes.length > 0) throw new DefinitionError(mistakes);
  return isText ? { correlate, keepMs: keepMs ?? 0 } : null;
}
