import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import { parseActorRecord } from '../../lib/model/actor-record.js';
import type { ExecutionRecord } from '../../lib/model/execution.js';
import type { ExecutionId } from '../../lib/model/ids.js';
import type { EventDefinition } from '../../lib/ports/event-checker.js';
import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import {
  actorEvents,
  type ActorMessage,
  type ActorName,
  type ActorState,
  MESSAGE_ATTEMPTS,
  NEW_STATE,
} from './actor-worker.js';
import { anyEvent, requestFor } from './program-worker.js';

const codec = jsonCodec();

/** What a seed sends to actors, and when. */
export interface ActorPlan {
  readonly messages: readonly {
    readonly to: ActorName;
    readonly atMs: number;
    readonly message: ActorMessage;
  }[];
  /** Actors that are terminated from outside, and when. */
  readonly ends: readonly { readonly instance: string; readonly atMs: number }[];
}

export const noActors: ActorPlan = { messages: [], ends: [] };

const definitions: Readonly<Record<ActorName, EventDefinition>> = {
  strict: anyEvent(actorEvents.strict),
  lenient: anyEvent(actorEvents.lenient),
};

export function isActorEvent(definition: EventDefinition): boolean {
  return definition === definitions.strict || definition === definitions.lenient;
}

/** Draws some messages to few actors, so that they queue. */
export function drawActors(random: SeededRandom): ActorPlan {
  const spreadMs = random.pick([50, 2_000, 15_000]);
  const messages = Array.from({ length: random.int(2, 12) }, (_, n) => ({
    to: random.pick(['strict', 'lenient'] as const),
    atMs: random.between(0, spreadMs),
    message: drawMessage(random, n),
  }));
  const ends = !random.chance(0.25)
    ? []
    : Array.from({ length: random.int(1, 2) }, () => {
        const { to, message } = random.pick(messages);
        return { instance: instanceOf(to, message.key), atMs: random.between(100, 20_000) };
      });
  return { messages, ends };
}

function drawMessage(random: SeededRandom, n: number): ActorMessage {
  const alarm = random.next();
  return {
    key: random.pick(['a', 'b']),
    n,
    ...(alarm < 0.3 ? { alarmMs: random.pick([0, 500, 5_000, 20_000]) } : null),
    ...(alarm > 0.9 ? { alarmMs: null } : null),
    workMs: random.pick([0, 5, 50, 1_000]),
    sleepMs: random.chance(0.15) ? random.pick([10, 3_000]) : 0,
    throws: random.chance(0.75) ? 0 : random.int(1, MESSAGE_ATTEMPTS),
    ends: random.chance(0.06),
  };
}

/** Sends it all. */
export function sendToActors(simulation: Simulation, { messages, ends }: ActorPlan): void {
  for (const { to, atMs, message } of messages) {
    const id = `message ${message.n}`;
    const request = requestFor(definitions[to], message, { id });
    simulation.publishAt(atMs, request, true);
    if (message.n % 4 === 0) simulation.publishAt(atMs + 3_000 * message.n, request, true);
  }
  for (const { instance, atMs } of ends)
    simulation.time.after(atMs, null, () => void end(simulation, instance));
}

/** As `handle.terminate()` does, once: nobody repeats it when its process dies. */
async function end(simulation: Simulation, id: string): Promise<void> {
  const process = simulation.processes.find(({ isUp }) => isUp);
  const found = process === undefined ? null : await simulation.store.instance(id);
  if (process === undefined || found === null) return;
  const change = { id, expected: found.version, version: `end of ${found.version}`, state: null };
  await process.runtime.writer.write({ kind: 'instance', change, event: null, cancels: id }).then(
    () => process.runtime.changed(),
    () => {},
  );
}

function instanceOf(to: ActorName, key: string): string {
  return `actor:${to}:${key}`;
}

/** What must hold of the actors when all is over: each message that was handled is known once, and none besides. */
export async function checkActors(
  simulation: Simulation,
  records: ReadonlyMap<ExecutionId, ExecutionRecord>,
  { messages, ends }: ActorPlan,
  broken: (rule: string, what: string) => void,
): Promise<void> {
  for (const name of new Set(messages.map(({ to, message }) => instanceOf(to, message.key)))) {
    const own = messages.filter(({ to, message }) => instanceOf(to, message.key) === name);
    const found = await simulation.store.instance(name);
    const record = found === null ? null : parseActorRecord(found.state);
    const state =
      record === null || record.state === null ? NEW_STATE : (codec.decode(record.state) as ActorState);
    const known = [...state.applied, ...state.failed];
    if (new Set(known).size < known.length) broken('I23', `${name} handled a message twice: ${known.join()}`);
    const turns = [...records.values()].filter(({ gate }) => gate === name);
    const completed = turns.filter(({ status }) => status === 'completed');
    const handled = completed.flatMap(({ eventName, input }) =>
      eventName === '*alarm' ? [] : [(codec.decode(input) as ActorMessage).n],
    );
    for (const n of known) if (!handled.includes(n)) broken('I23', `${name} knows ${n}, which did not end`);
    const mayForget =
      ends.some(({ instance }) => instance === name) || own.some(({ message }) => message.ends);
    if (state.ringsAt !== null && found?.ahead === null)
      broken('I9', `${name} waits for an alarm at ${state.ringsAt}, and none is ahead of it`);
    if (mayForget) continue;
    for (const n of handled) if (!known.includes(n)) broken('I23', `${name} lost message ${n}`);
    const alarms = completed.length - handled.length;
    if (record !== null && record.version !== completed.length)
      broken('I23', `${name} has version ${record.version} after ${completed.length} turns`);
    if (state.alarms !== alarms) broken('I9', `${name} counted ${state.alarms} of ${alarms} alarms`);
  }
}

/** How a turn ends that nothing happens to; null: it is no turn of an actor. */
export function expectedTurn({
  definition,
  eventName,
  input,
}: ExecutionRecord): 'completed' | 'parked' | null {
  const worker = definition.id.slice(0, definition.id.indexOf('.'));
  if (worker !== 'strict' && worker !== 'lenient') return null;
  if (eventName === '*alarm' || worker === 'lenient') return 'completed';
  return (codec.decode(input) as ActorMessage).throws >= MESSAGE_ATTEMPTS ? 'parked' : 'completed';
}
