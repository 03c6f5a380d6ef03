import { NonRetryableError } from '../../lib/model/errors-step.js';
import { shared } from '../../lib/ports/current-execution.js';
import type { Codec } from '../../lib/ports/codec.js';
import type { EventDefinition } from '../../lib/ports/event-checker.js';
import type { Frame } from '../../lib/step/frame.js';
import type { PublishRequest } from '../../lib/dispatch/publish-request.js';
import type { Machine } from '../../lib/testing/simulation/machine.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { valueAt } from './program-value.js';
import type { DrawnSchedule } from './random-schedule.js';
import type { Node, Program, Work } from './random-program.js';

/** How long an attempt of a hasty step may take. */
export const HASTY_TIMEOUT_MS = 2_000;

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
    const { program, turn = 0 } = event as { readonly program: number; readonly turn?: number };
    const value = await this.follow(program);
    if (turn >= (this.programs[program] as Program).turns) return value;
    const data = { ...(event as object), turn: turn + 1 };
    return currentFrame().continueAsNew({ source: null, event: null, data });
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
      case 'several':
        return this.several(frame, node, site);
      case 'rival':
        return this.rival(frame, node.branches, site);
      case 'run':
        return this.run(frame, site);
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

  private async rival(frame: Frame, branches: readonly (readonly Node[])[], site: string): Promise<unknown> {
    const first = await frame.race(
      branches.map((branch, index) => ({
        name: String(index),
        body: () => this.list(branch, `${site}.${index}`),
      })),
    );
    this.settled(frame, site, first);
    return first;
  }

  private async run(frame: Frame, site: string): Promise<string> {
    const data = { parent: frame.pass.record.id, site, run: true };
    this.settled(frame, site, await frame.run({ worker: ProgramWorker, method: 'child', data }));
    return 'ran';
  }

  private async several(
    frame: Frame,
    { keys, until, timeoutMs }: Extract<Node, { kind: 'several' }>,
    site: string,
  ): Promise<unknown> {
    const { name: event } = arrivalEvent;
    const events = keys.map((key) => ({ source: arrivalEvent, event, key: String(key) }));
    const value = await frame.waitFor({ events, until, isList: until === 'all', timeoutMs });
    this.settled(frame, site, value);
    return value;
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
