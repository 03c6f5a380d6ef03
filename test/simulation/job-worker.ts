import { Every, fixed, type RecurringContext, Retry, Step, Worker } from 'holdfast';
import { z } from 'zod';
import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import { RecurringHandle } from '../../lib/app/handles/recurring-handle.js';
import { jobMethod } from '../../lib/app/handles/job-method.js';
import type { WorkerAppParts } from '../../lib/app/parts/worker-app-parts.js';
import { compileWorkers } from '../../lib/compiler/compile-workers.js';
import { AppClosedError } from '../../lib/model/errors-app.js';
import type { WorkerDefinition } from '../../lib/model/definition.js';
import type { ExecutionRecord } from '../../lib/model/execution.js';
import type { ExecutionId } from '../../lib/model/ids.js';
import { parseRecurringRecord, type RecurringTick } from '../../lib/model/recurring-record.js';
import type { Machine } from '../../lib/testing/simulation/machine.js';
import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { currentFrame } from './program-worker.js';

const INTERVAL_MS = 2_000;
const ATTEMPTS = 2;
/** The tick with which a job ends itself. */
const LAST_RUN = 4;
const AGAIN_MS = 1_000;

const codec = jsonCodec();
const StateShape = z.object({ ran: z.array(z.number()) });
type State = z.infer<typeof StateShape>;

/** The tick that throws, and in how many attempts. */
interface Input {
  readonly run: number;
  readonly throws: number;
}

@Worker('jobs')
class Jobs {
  constructor(
    private readonly simulation: Simulation,
    private readonly machine: Machine,
  ) {}

  @Retry({ maxAttempts: ATTEMPTS, backoff: fixed('200ms') })
  @Every(INTERVAL_MS, { keyed: true, state: StateShape })
  async run({ run, throws }: Input, ctx: RecurringContext<State>) {
    const { scheduledAt, runCount } = ctx;
    const last = ctx.state?.ran.at(-1);
    if (last !== undefined && scheduledAt <= last)
      this.simulation.violated('I10', `${ctx.instanceId} ticks at ${scheduledAt} after ${last}`);
    ctx.updateState((state) => ({ ran: [...(state?.ran ?? []), scheduledAt] }));
    await this.note(scheduledAt);
    if (runCount === run && ctx.attempt <= throws) throw new Error(`attempt ${ctx.attempt}`);
    if (runCount >= LAST_RUN) await ctx.terminate();
    return scheduledAt;
  }

  @Step()
  async note(at: number) {
    this.simulation.bodies.started(currentFrame(), false);
    await new Promise<void>((resolve) => this.machine.moment(20, resolve));
    return at;
  }
}

export const jobDefinitions: readonly WorkerDefinition[] = compileWorkers([Jobs]);

export function jobWorker(simulation: Simulation, machine: Machine): object {
  return new Jobs(simulation, machine);
}

/** Jobs that a seed starts, and when. */
export type JobPlan = readonly { readonly id: string; readonly atMs: number; readonly input: Input }[];

export function drawJobs(random: SeededRandom): JobPlan {
  return ['a', 'b'].slice(0, random.int(1, 2)).map((id) => ({
    id,
    atMs: random.between(100, 10_000),
    input: { run: random.int(1, LAST_RUN - 1), throws: random.int(0, ATTEMPTS) },
  }));
}

/** Starts the jobs, each until it is known to run: twice does no harm. */
export class JobStarter {
  /** Jobs that nobody knows to run yet. */
  open = 0;

  constructor(private readonly simulation: Simulation) {}

  startAll(plan: JobPlan): void {
    for (const job of plan) {
      this.open++;
      this.simulation.time.after(job.atMs, null, () => this.start(job));
    }
  }

  private start(job: JobPlan[number]): void {
    const { time, processes } = this.simulation;
    const process = processes.find(({ isUp }) => isUp);
    let isOver = false;
    const ended = (hasStarted: boolean): void => {
      if (isOver) return;
      isOver = true;
      if (hasStarted) this.open--;
      else time.after(AGAIN_MS, null, () => this.start(job));
    };
    if (process === undefined) return ended(false);
    const [worker] = jobDefinitions as readonly [WorkerDefinition];
    const { runtime } = process;
    const bus = { emit: () => {} };
    const assertOpen = (call: string): void => {
      if (runtime.isClosed) throw new AppClosedError(call);
    };
    const parts = { ...partsOf(runtime), runtime, bus, assertOpen } as unknown as WorkerAppParts;
    new RecurringHandle<Input>(parts, jobMethod(worker, 'run')).start({ id: job.id, input: job.input }).then(
      () => ended(true),
      () => ended(false),
    );
    time.after(30_000, null, () => ended(false));
  }
}

function partsOf(runtime: object): object {
  return (runtime as unknown as { readonly parts: object }).parts;
}

/** Each tick that completed is in the state of its job, once, and each job came to its end. */
export async function checkJobs(
  simulation: Simulation,
  records: ReadonlyMap<ExecutionId, ExecutionRecord>,
  plan: JobPlan,
  broken: (rule: string, what: string) => void,
): Promise<void> {
  for (const { id } of plan) {
    const name = `recurring:jobs.run:${id}`;
    const found = await simulation.store.instance(name);
    if (found === null) return broken('I18', `${name} was started and is not there`);
    const { state, runCount, stopped, version, made } = parseRecurringRecord(found.state);
    // One that had ended itself was started anew by a client who had no answer.
    const ticks = [...records.values()].filter(
      ({ gate, input }) => gate === name && (codec.decode(input) as RecurringTick).made === made,
    );
    const completed = ticks.filter(({ status }) => status === 'completed');
    const ran = state === null ? [] : (codec.decode(state) as State).ran;
    if (stopped === null) broken('I18', `${name} has not ended after ${runCount} ticks`);
    if (new Set(ran).size < ran.length) broken('I10', `${name} ran an instant twice: ${ran.join()}`);
    if (ran.length !== completed.length || version !== completed.length)
      broken('I23', `${name} knows ${ran.length} ticks (version ${version}) of ${completed.length}`);
    for (const { status, error } of ticks)
      if (status !== 'completed' && status !== 'failed' && status !== 'skipped')
        if (error?.includes('POISONED') !== true) broken('outcome', `a tick of ${name} is ${status}`);
  }
}
