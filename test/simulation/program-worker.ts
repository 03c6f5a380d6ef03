import type { HandlerDefinition, StepDefinition, WorkerDefinition } from '../../lib/model/definition.js';
import { NonRetryableError } from '../../lib/model/errors-step.js';
import { defaultRetryPolicy, type RetryPolicy } from '../../lib/model/retry-policy.js';
import { shared } from '../../lib/ports/current-execution.js';
import type { Codec } from '../../lib/ports/codec.js';
import type { SchedulePolicy } from '../../lib/model/schedule.js';
import type { EventDefinition } from '../../lib/ports/event-checker.js';
import type { Frame } from '../../lib/step/frame.js';
import type { PublishRequest } from '../../lib/dispatch/publish-request.js';
import type { Machine } from '../../lib/testing/simulation/machine.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { HANDLER_ATTEMPTS } from './expected-outcome.js';
import { valueAt } from './program-value.js';
import type { DrawnSchedule } from './random-schedule.js';
import { attemptsOf, type Node, type Program, type StepName, type Work } from './random-program.js';

const HASTY_TIMEOUT_MS = 2_000;
const DAY_MS = 86_400_000;

/** An event whose payload is taken as it is. */
export function anyEvent(name: string): EventDefinition {
  return {
    name,
    families: [],
    checker: { schemaHash: null, check: (data) => ({ ok: true, data }), restore: (data) => data },
  };
}

export const programEvent = anyEvent('program');
export const childEvent = anyEvent('child');
/** What programs wait for. Some expire before anybody asks for them. */
export const arrivalEvent: EventDefinition = {
  ...anyEvent('arrival'),
  mail: { correlate: 'key', keepMs: 60_000 },
};

export function requestFor(
  definition: EventDefinition,
  data: unknown,
  options: Partial<PublishRequest> = {},
): PublishRequest {
  return {
    definition,
    data,
    id: null,
    dueAt: null,
    session: null,
    priority: 0,
    dispatcherOptions: null,
    ...options,
  };
}

/** Runs drawn programs: the worker class of the simulated processes. */
export class ProgramWorker {
  constructor(
    private readonly simulation: Simulation,
    private readonly machine: Machine,
    private readonly codec: Codec,
    private readonly programs: readonly Program[],
    private readonly schedules: readonly DrawnSchedule[] = [],
  ) {}

  async run(event: unknown): Promise<unknown> {
    const { program } = event as { readonly program: number };
    return this.follow(program);
  }

  async tick0(): Promise<unknown> {
    return this.follow(this.schedules[0]?.program ?? 0);
  }

  async tick1(): Promise<unknown> {
    return this.follow(this.schedules[1]?.program ?? 0);
  }

  /** A second handler of the same event: fails and finishes apart. */
  async note(): Promise<string> {
    const frame = currentFrame();
    return (await frame.step({
      receiver: this,
      name: 'plain',
      args: ['note'],
      body: () => 'noted',
    })) as string;
  }

  async child(event: unknown): Promise<unknown> {
    return currentFrame().step({ receiver: this, name: 'plain', args: ['child'], body: () => event });
  }

  private follow(program: number): Promise<unknown> {
    const { nodes } = this.programs[program] as Program;
    return new ProgramRun(this, this.simulation, this.machine, this.codec).list(nodes, '');
  }
}

class ProgramRun {
  /** Where the calls of this pass have their results. */
  private readonly paths = new Map<string, string>();

  constructor(
    private readonly worker: ProgramWorker,
    private readonly simulation: Simulation,
    private readonly machine: Machine,
    private readonly codec: Codec,
  ) {}

  async list(nodes: readonly Node[], at: string): Promise<unknown[]> {
    const values: unknown[] = [];
    for (const node of nodes) values.push(await this.node(node, `${at}/${node.id}`));
    return values;
  }

  private async node(node: Node, site: string): Promise<unknown> {
    const frame = currentFrame();
    switch (node.kind) {
      case 'call':
        return this.call(frame, node.work, site);
      case 'sleep':
        await frame.sleep(node.ms);
        return 'sleep';
      case 'plain-await':
        for (let turn = 0; turn < node.turns; turn++) await Promise.resolve();
        return 'plain-await';
      case 'loop': {
        const values: unknown[] = [];
        for (let turn = 0; turn < node.count; turn++)
          values.push(await this.list(node.body, `${site}#${turn}`));
        return values;
      }
      case 'all':
        return Promise.all(node.branches.map((branch, index) => this.list(branch, `${site}.${index}`)));
      case 'race':
        return this.race(frame, node.branches, site);
      case 'guard':
        return this.guard(node, site);
      case 'publish':
        return this.publish(frame, node.explicit, site);
      case 'wait':
        return this.wait(frame, node, site);
      case 'post':
        return this.post(frame, node, site);
      case 'throw':
        if (frame.pass.record.attempt <= node.attempts) throw new Error(`thrown by the handler at ${site}`);
        return 'passed';
    }
  }

  private async race(frame: Frame, branches: readonly (readonly Node[])[], site: string): Promise<unknown> {
    const runners = branches.map(async (branch, index) => ({
      winner: index,
      value: await this.list(branch, `${site}.${index}`),
    }));
    const first = await Promise.race(runners);
    this.settled(frame, site, first.winner);
    return first;
  }

  private async guard(node: Extract<Node, { kind: 'guard' }>, site: string): Promise<unknown> {
    try {
      return { tried: await this.list(node.body, `${site}.try`) };
    } catch {
      return { rescued: await this.list(node.rescue, `${site}.catch`) };
    }
  }

  private async publish(frame: Frame, explicit: boolean, site: string): Promise<unknown> {
    const parent = frame.pass.record.id;
    const id = explicit ? `child of ${parent} at ${site}` : null;
    const stored = await frame.publish(() => [requestFor(childEvent, { parent, site }, { id })]);
    this.settled(frame, site, stored);
    return 'published';
  }

  private async wait(
    frame: Frame,
    { key, timeoutMs }: Extract<Node, { kind: 'wait' }>,
    site: string,
  ): Promise<unknown> {
    const { name } = arrivalEvent;
    const value = await frame.waitFor({
      events: [{ source: arrivalEvent, event: name, key: String(key) }],
      until: 'any',
      isList: false,
      timeoutMs,
    });
    this.settled(frame, site, value);
    return value;
  }

  private async post(
    frame: Frame,
    { key, explicit }: Extract<Node, { kind: 'post' }>,
    site: string,
  ): Promise<unknown> {
    const { id: parent, epoch } = frame.pass.record;
    const arrival = `post of ${parent} at ${site}`;
    const id = explicit ? arrival : null;
    // A publish that was forgotten by a retry makes another event, unless it has an id of its own.
    const data = { key, arrival: explicit ? arrival : `${arrival} in ${epoch}` };
    this.settled(frame, site, await frame.publish(() => [requestFor(arrivalEvent, data, { id })]));
    return 'posted';
  }

  private async call(frame: Frame, work: Work, site: string): Promise<unknown> {
    const body = (): unknown => this.body(work, site);
    const value =
      work.step === 'inline'
        ? await frame.inline({ name: work.bare ? 'inline' : `inline ${site}`, body })
        : await frame.step({ receiver: this.worker, name: work.step, args: work.bare ? [] : [site], body });
    this.settled(frame, site, value);
    const path = this.paths.get(site);
    if (path !== undefined) this.simulation.bodies.reported(frame, path);
    return value;
  }

  private async body(work: Work, site: string): Promise<unknown> {
    const frame = currentFrame();
    this.simulation.bodies.started(frame, work.step === 'once');
    this.paths.set(site, frame.path);
    // A process that stands still uses up what little time such a step has: that would fail it for good.
    const isHasty = work.step === 'hasty';
    if (work.ms > 0) await this.pause(work.ms / 2, isHasty);
    const inner = await this.list(work.inner, site);
    if (work.ms > 0) await this.pause(work.ms / 2, isHasty);
    if (frame.attempt <= work.throws) {
      if (work.final) throw new NonRetryableError(`final at ${site}`);
      throw new Error(`attempt ${frame.attempt} at ${site}`);
    }
    if (frame.attempt <= work.throws + work.hangs) await this.pause(HASTY_TIMEOUT_MS * 2, true);
    const value = valueAt(site, work.value);
    return work.inner.length === 0 ? value : [value, inner];
  }

  private pause(ms: number, isQuiet: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (isQuiet) this.simulation.time.after(ms, this.machine, resolve);
      else this.machine.moment(ms, resolve);
    });
  }

  private settled(frame: Frame, site: string, value: unknown): void {
    this.simulation.bodies.settled(
      frame,
      `${site} (handler attempt ${frame.pass.record.attempt}, scope ${frame.scope})`,
      this.codec.encode(value),
    );
  }
}

export function currentFrame(): Frame {
  const frame = shared().storage.getStore();
  if (frame === undefined) throw new Error('no execution runs here');
  return frame as Frame;
}

const quick: RetryPolicy = { ...defaultRetryPolicy, backoff: { kind: 'fixed', delayMs: 200 } };
const slow: RetryPolicy = {
  ...defaultRetryPolicy,
  backoff: { kind: 'exponential', initialMs: 1_000, factor: 3, maxMs: 30_000 },
};

function step(
  name: Exclude<StepName, 'inline'>,
  retry: RetryPolicy,
  timeoutMs: number,
): [string, StepDefinition] {
  const policy = { ...retry, maxAttempts: attemptsOf[name], explicit: true };
  return [
    name,
    {
      worker: 'program',
      name,
      description: null,
      retry: policy,
      timeoutMs,
      atMostOnce: name === 'once',
      key: null,
      isDeclared: false,
      concurrency: null,
      rateLimit: null,
    },
  ];
}

function handler(method: string, event: string | null, schedule?: SchedulePolicy): HandlerDefinition {
  return {
    id: `program.${method}`,
    worker: 'program',
    method,
    description: null,
    declared: [],
    concurrency: null,
    rateLimit: null,
    priority: 0,
    routes: event === null ? [] : [{ event, accepts: null }],
    retry: { ...quick, maxAttempts: HANDLER_ATTEMPTS, explicit: true },
    timeoutMs: null,
    ...(schedule === undefined ? null : { schedule }),
  };
}

/** The worker with the handlers of those schedules. */
export function programDefinition(schedules: readonly DrawnSchedule[]): WorkerDefinition {
  return {
    id: 'program',
    description: null,
    logLevel: null,
    type: ProgramWorker,
    handlers: [
      handler('run', 'program'),
      handler('note', 'program'),
      handler('child', 'child'),
      ...schedules.map(({ policy }, at) => handler(`tick${at}`, null, policy)),
    ],
    steps: new Map([
      step('plain', quick, DAY_MS),
      step('hasty', quick, HASTY_TIMEOUT_MS),
      step('once', quick, DAY_MS),
      step('deep', quick, DAY_MS),
      step('patient', slow, DAY_MS),
    ]),
    compensations: new Map(),
    renames: new Map(),
    graph: { worker: 'program', nodes: [], edges: [], fingerprint: 'program-1' },
  };
}
