import type { Definitions } from '../../engine/definitions.js';
import type { GroupWriter } from '../../engine/group-writer.js';
import { LateTimers } from '../../ports/late-timers.js';
import type { PassServices } from '../../step/pass-services.js';
import type { RuntimeParts } from './runtime-parts.js';
import { StateSources } from './state-sources.js';

/** What the passes of one process need of it. */
export function servicesOf(
  parts: RuntimeParts,
  own: Pick<PassServices, 'publisher' | 'mayStartBody'> & {
    readonly writer: GroupWriter;
    readonly definitions: Definitions;
  },
): PassServices {
  const { clock, store, resolver, states = new StateSources() } = parts;
  const { writer, definitions, publisher, mayStartBody } = own;
  const lateTimers = new LateTimers((callback) => clock.soon(callback));
  const needed = { writer, steps: definitions, instances: store, host: resolver, states };
  return { ...parts, ...needed, lateTimers, publisher, mayStartBody };
}
