import { Debounce, type DebounceContext, defineEvent, fixed, Retry, Step, Worker } from 'holdfast';
import { z } from 'zod';
import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import { compileWorkers } from '../../lib/compiler/compile-workers.js';
import { decodeItem } from '../../lib/model/batch-item.js';
import type { WorkerDefinition } from '../../lib/model/definition.js';
import type { ExecutionRecord } from '../../lib/model/execution.js';
import type { ExecutionId } from '../../lib/model/ids.js';
import type { EventDefinition } from '../../lib/ports/event-checker.js';
import type { Machine } from '../../lib/testing/simulation/machine.js';
import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { anyEvent, currentFrame, requestFor } from './program-worker.js';

/** What is collected. */
interface Gathered {
  readonly key: string;
  readonly n: number;
  /** Attempts of its batch that throw. */
  readonly throws: number;
}

const ATTEMPTS = 3;
const codec = jsonCodec();
const Windowed = defineEvent('windowed', z.custom<Gathered>());
const Trailed = defineEvent('trailed', z.custom<Gathered>());

@Worker('gatherer')
class Gatherer {
  constructor(
    private readonly simulation: Simulation,
    private readonly machine: Machine,
  ) {}

  @Retry({ maxAttempts: ATTEMPTS, backoff: fixed('200ms') })
  @Debounce(Windowed, { key: 'key', flushAfter: '3s', maxEvents: 4 })
  async windowed(events: readonly Gathered[], context: DebounceContext) {
    return this.gather(events, context);
  }

  @Retry({ maxAttempts: ATTEMPTS, backoff: fixed('200ms') })
  @Debounce(Trailed, { key: 'key', flushAfter: '1s', mode: 'trailing', maxWait: '5s' })
  async trailed(events: readonly Gathered[], context: DebounceContext) {
    return this.gather(events, context);
  }

  @Step()
  async keep(numbers: readonly number[]) {
    this.simulation.bodies.started(currentFrame(), false);
    await new Promise<void>((resolve) => this.machine.moment(50, resolve));
    return numbers;
  }

  private async gather(events: readonly Gathered[], { eventCount, attempt }: DebounceContext) {
    if (eventCount !== events.length)
      this.simulation.violated('I11', `a batch of ${eventCount} got ${events.length} events`);
    if (events.some(({ throws }) => attempt <= throws)) throw new Error(`attempt ${attempt}`);
    return this.keep(events.map(({ n }) => n));
  }
}

export const batchDefinitions: readonly WorkerDefinition[] = compileWorkers([Gatherer]);

export function batchWorker(simulation: Simulation, machine: Machine): object {
  return new Gatherer(simulation, machine);
}

const definitions = { windowed: anyEvent('windowed'), trailed: anyEvent('trailed') } as const;

export function isBatchEvent(definition: EventDefinition): boolean {
  return definition === definitions.windowed || definition === definitions.trailed;
}

/** What a seed has collected, and when. */
export type BatchPlan = readonly {
  readonly to: keyof typeof definitions;
  readonly atMs: number;
  readonly event: Gathered;
}[];

export function drawBatches(random: SeededRandom): BatchPlan {
  const spreadMs = random.pick([500, 5_000, 20_000]);
  return Array.from({ length: random.int(2, 20) }, (_, n) => ({
    to: random.pick(['windowed', 'trailed'] as const),
    atMs: random.between(0, spreadMs),
    event: {
      key: random.pick(['a', 'b']),
      n,
      throws: random.chance(0.85) ? 0 : random.int(1, ATTEMPTS),
    },
  }));
}

/** Publishes it all, some of it twice, and flushes some batches by hand. */
export function collectBatches(simulation: Simulation, plan: BatchPlan): void {
  for (const { to, atMs, event } of plan) {
    const request = requestFor(definitions[to], event, { id: `gathered ${event.n}` });
    simulation.publishAt(atMs, request, true);
    if (event.n % 3 === 0) simulation.publishAt(atMs + 1_000 * event.n, request, true);
  }
}

/** Each accepted event is in exactly one batch that was handled, or is parked with all of its events. */
export async function checkBatches(
  simulation: Simulation,
  records: ReadonlyMap<ExecutionId, ExecutionRecord>,
  plan: BatchPlan,
  broken: (rule: string, what: string) => void,
): Promise<void> {
  await simulation.model.batches.check(simulation.store);
  const throws = new Map(plan.map(({ event }) => [event.n, event.throws]));
  const found = new Map<number, ExecutionId>();
  for (const { id, definition, status, value } of records.values()) {
    if (!definition.id.startsWith('gatherer.')) continue;
    const inbox = await simulation.store.inbox(id, 0, 1_000);
    const numbers = inbox
      .filter(({ kind }) => kind === 'item')
      .map(({ body }) => (codec.decode(decodeItem(body ?? '').input) as Gathered).n);
    for (const n of numbers) {
      if (found.has(n)) broken('I11', `event ${n} is in ${id} and in ${String(found.get(n))}`);
      found.set(n, id);
    }
    if (status === 'completed' && value !== codec.encode(numbers))
      broken('I11', `${id} handled ${String(value)} of [${numbers.join()}]`);
    if (status === 'completed' && numbers.some((n) => (throws.get(n) ?? 0) >= ATTEMPTS))
      broken('outcome', `${id} completed, and one of its events throws`);
    if (status === 'parked' && numbers.every((n) => (throws.get(n) ?? 0) < ATTEMPTS)) {
      const { error } = records.get(id) as ExecutionRecord;
      if (error?.includes('POISONED') !== true) broken('outcome', `${id} is parked: ${String(error)}`);
    } else if (status !== 'completed' && status !== 'parked') broken('outcome', `${id} is ${status}`);
  }
  for (const { event } of plan)
    if (!found.has(event.n)) broken('I11', `event ${event.n} was accepted and is in no batch`);
}
