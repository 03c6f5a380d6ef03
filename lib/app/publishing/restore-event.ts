import { InvalidEventError } from '../../model/errors-event.js';
import type { CheckedEvent } from '../../ports/event-checker.js';
import type { EventRestorer } from '../../step/pass-services.js';
import type { EventSources } from './event-sources.js';

/**
 * Stored events as their handlers receive them. While the schema is the one that checked an event, it is not checked again;
 * after a deploy that changed the schema it is.
 */
export function eventRestorer(sources: EventSources): EventRestorer {
  const recheck: EventRestorer['recheck'] = (name, data, schemaHash) => {
    const checker = sources.definitionOf(name)?.checker;
    if (checker === undefined || schemaHash === checker.schemaHash) return data;
    const checked = checker.check(data);
    return checked instanceof Promise ? checked.then((late) => dataOf(name, late)) : dataOf(name, checked);
  };
  const revive: EventRestorer['revive'] = (name, data) => {
    const definition = sources.definitionOf(name);
    return definition === null ? data : definition.checker.restore(data);
  };
  return {
    restore(name, data, schemaHash) {
      const taken = recheck(name, data, schemaHash);
      return taken instanceof Promise ? taken.then((late) => revive(name, late)) : revive(name, taken);
    },
    know: (source) => sources.know(source),
    recheck,
    revive,
  };
}

function dataOf(name: string, checked: CheckedEvent): unknown {
  if (!checked.ok) throw new InvalidEventError(name, checked.violations);
  return checked.data;
}
