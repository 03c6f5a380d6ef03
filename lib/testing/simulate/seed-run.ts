import { memoryStore } from '../../adapters/memory/memory-store.js';
import { requestOf } from '../../app/publishing/publish-options.js';
import type { WorkerAppParts } from '../../app/parts/worker-app-parts.js';
import { parseDuration } from '../../model/duration.js';
import type { RequestMaker } from '../simulation/clients.js';
import { DrawnFaults } from '../simulation/drawn-faults.js';
import { drawQuickFaults } from '../simulation/fault-mix.js';
import { PlannedFaults } from '../simulation/planned-faults.js';
import { SeededRandom } from '../simulation/seeded-random.js';
import { SimulatedClock } from '../simulation/simulated-clock.js';
import { Simulation } from '../simulation/simulation.js';
import type { StruckFault } from '../simulation/struck-fault.js';
import { CallWatch } from './call-watch.js';
import type { CheckedOptions } from './checked-options.js';
import { OutsideValues } from './outside-values.js';
import { ProcessApps } from './process-app.js';
import { RealWorkWatch } from './real-work-watch.js';
import type { RunPlan } from './replay.js';
import { scaledFaults } from './scaled-faults.js';
import type { SimulatedEvent } from './simulated-event.js';
import { readExecution, type SimulatedExecution, type SimulationEnd } from './simulation-end.js';
import { Story } from './story.js';
import { UnrepeatableSimulationError } from './violation.js';

/** Events of virtual time that one run may take: more of them go round in circles. */
const MOST_EVENTS = 400_000;
/** Faults go on again so often where an execution sleeps for long. */
const BURSTS = 3;
/** Processes die or stand still so often, at most: an execution whose processes die again and again is parked. */
const MOST_BLOWS = 4;
const ANSWERS_MS = 10;
/** Between events that are published one by one. */
const APART_MS = 60_000;

/** One run of one seed. */
export class SeedRun {
  readonly story: Story;
  readonly events: readonly SimulatedEvent[];
  private readonly random: SeededRandom;
  private readonly calls: CallWatch;
  /** Position of the event of each id. */
  private readonly published = new Map<string, number>();
  private drawn: DrawnFaults | null = null;
  private simulation: Simulation | null = null;
  private apps: ProcessApps | null = null;

  constructor(
    private readonly options: CheckedOptions,
    readonly plan: RunPlan,
  ) {
    this.random = new SeededRandom(`simulate ${plan.seed}`);
    this.events = options.eventsOf(this.random.fork('events'));
    this.story = new Story(
      () => this.world.time,
      () => this.world.model,
      (session, id) => this.published.get(JSON.stringify([session, id])) ?? null,
    );
    this.calls = new CallWatch(options.latencyMs, (machine, frame, text) =>
      this.story.body(machine, frame, text),
    );
  }

  /** What went wrong in it. */
  get faults(): readonly StruckFault[] {
    return this.plan.faults ?? this.drawn?.struck ?? [];
  }

  /** Events of virtual time so far. */
  get turns(): number {
    return this.world.time.events;
  }

  /** Runs to the end and hands it to `judge`; throws a broken guarantee, and what makes a simulation impossible. */
  async run(judge: (end: SimulationEnd) => Promise<void>): Promise<void> {
    const { options } = this;
    const simulation = this.begin();
    const clock = new SimulatedClock(simulation.time, null);
    const outside = await OutsideValues.make(options.providers(), clock, this.calls);
    this.apps = new ProcessApps({
      workers: options.workers,
      app: options.app,
      providersFor: (machine) => outside.providersFor(machine),
      story: this.story,
    });
    const watch = new RealWorkWatch((what, body) =>
      simulation.failed(
        new UnrepeatableSimulationError(
          `${body} began a ${what} of this machine. Give what it waits for as a provider of the test, and wait by sleep() or by the clock that providers get as CLOCK`,
        ),
      ),
    );
    try {
      await simulation.store.open();
      simulation.start();
      this.publishAll(simulation);
      await simulation.settle();
      // The last answers arrive, so that the story has its end.
      await simulation.time.run(simulation.time.elapsed + ANSWERS_MS);
      watch.stop();
      await judge(await this.end(simulation, outside));
    } finally {
      watch.stop();
      simulation.bury();
      await this.apps.dispose();
      await outside.dispose();
    }
  }

  private get world(): Simulation {
    if (this.simulation === null) throw new TypeError('the run has not begun');
    return this.simulation;
  }

  private get parts(): ProcessApps {
    if (this.apps === null) throw new TypeError('the run has not begun');
    return this.apps;
  }

  private begin(): Simulation {
    const { options, plan, random } = this;
    const leaseMs = parseDuration(options.app.lease ?? '15s') ?? 15_000;
    const mix = scaledFaults(drawQuickFaults(random.fork('mix')), options.faults);
    this.drawn =
      plan.faults === null ? new DrawnFaults(mix, random.fork('faults'), leaseMs, MOST_BLOWS) : null;
    this.simulation = new Simulation({
      seed: `simulate ${plan.seed}`,
      store: memoryStore({ keep: 1_000_000 }),
      processes: plan.processes,
      broker: random.fork('broker').chance(0.4),
      faults: this.drawn ?? new PlannedFaults(plan.faults ?? [], mix.lastsMs, mix.goneForGood),
      bursts: BURSTS,
      settings: { leaseMs },
      settlesWithinMs: options.withinMs,
      mostEvents: MOST_EVENTS,
      boot: (wiring, simulation) => this.parts.boot(wiring, simulation),
      buried: (machine) => this.parts.forget(machine),
      note: (machine, line) => this.story.machine(machine, line),
      heard: ({ request }, machine) => {
        const index = this.published.get(JSON.stringify([request.session, request.id])) ?? 0;
        this.story.add(machine.name, `${request.definition.name} #${index + 1} is accepted`);
      },
    });
    return this.simulation;
  }

  private publishAll(simulation: Simulation): void {
    const { plan, events, random } = this;
    const spreadMs = random.fork('spread').pick([0, 20, 1_000, 10_000]);
    for (const [index, event] of events.entries()) {
      const time = random.fork(`event ${index}`);
      const atMs = plan.isOneByOne === true ? index * APART_MS : time.between(50, 100 + spreadMs);
      const isDoubled = time.chance(0.2) && plan.isOneByOne !== true;
      const laterMs = time.between(0, 10_000);
      if (plan.events !== null && !plan.events.includes(index)) continue;
      simulation.publishAt(atMs, this.requestFor(event, index), true);
      if (isDoubled && this.options.faults.hints > 0)
        simulation.publishAt(atMs + laterMs, this.requestFor(event, index), true);
    }
  }

  /** Clients name their events, so that they may ask again. */
  private requestFor(event: SimulatedEvent, index: number): RequestMaker {
    return async ({ machine }) => {
      const { events, clock } = this.parts.of(machine);
      const request = requestOf(await events.resolve(event), clock);
      const id = request.id ?? `event ${index + 1}`;
      this.published.set(JSON.stringify([request.session, id]), index);
      return { ...request, id };
    };
  }

  private async end(simulation: Simulation, outside: OutsideValues): Promise<SimulationEnd> {
    const { codec }: WorkerAppParts = this.parts.any();
    const executions: SimulatedExecution[] = [];
    for (const record of (await simulation.records()).values()) {
      const index = this.published.get(JSON.stringify([record.session, record.eventId])) ?? null;
      executions.push(await readExecution(record, simulation.store, codec, index));
    }
    return {
      seed: this.plan.seed,
      events: this.events.filter((_, index) => this.plan.events?.includes(index) ?? true),
      executions,
      ledger: this.calls.ledger,
      get: (token) => outside.get(token),
    };
  }
}
