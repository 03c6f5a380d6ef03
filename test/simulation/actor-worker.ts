import {
  Actor,
  type ActorContext,
  defineEvent,
  fixed,
  OnAlarm,
  OnError,
  OnEvent,
  OnIdle,
  Retry,
  sleep,
  Step,
} from 'holdfast';
import { z } from 'zod';
import { compileWorkers } from '../../lib/compiler/compile-workers.js';
import type { WorkerDefinition } from '../../lib/model/definition.js';
import type { Machine } from '../../lib/testing/simulation/machine.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { currentFrame } from './program-worker.js';

/** What one message makes its actor do, in this order. */
export interface ActorMessage {
  readonly key: string;
  /** Unique among the messages of a run. */
  readonly n: number;
  /** The alarm that is set, ms from then; null: it is cancelled; absent: it stays. */
  readonly alarmMs?: number | null;
  /** Ms that its step takes. */
  readonly workMs: number;
  readonly sleepMs: number;
  /** Attempts that throw after all that. */
  readonly throws: number;
  /** It ends the actor. */
  readonly ends: boolean;
}

/** Attempts of each message. */
export const MESSAGE_ATTEMPTS = 3;

const StateShape = z.object({
  /** Messages that it handled, in order. */
  applied: z.array(z.number()),
  /** Messages that `@OnError` took. */
  failed: z.array(z.number()),
  alarms: z.number(),
  idles: z.number(),
  /** When the alarm rings that is set, epoch ms; null: none is. */
  ringsAt: z.number().nullable(),
});

/** What both actors know. */
export type ActorState = z.infer<typeof StateShape>;

type Context = ActorContext<ActorState>;

/** What an actor knows before its first message. */
export const NEW_STATE: ActorState = { applied: [], failed: [], alarms: 0, idles: 0, ringsAt: null };

const Told = defineEvent('told', z.custom<ActorMessage>());
const Asked = defineEvent('asked', z.custom<ActorMessage>());

/** Where both actors live. */
abstract class Tallying {
  constructor(
    private readonly simulation: Simulation,
    private readonly machine: Machine,
  ) {}

  protected abstract work(n: number, ms: number): Promise<number>;

  protected async handle(message: ActorMessage, ctx: Context): Promise<number> {
    const { n, alarmMs, workMs, sleepMs, throws, ends } = message;
    change(ctx, ({ applied }) => ({ applied: [...applied, n] }));
    await this.work(n, workMs);
    if (sleepMs > 0) await sleep(sleepMs);
    if (alarmMs === null) ctx.cancelSchedule();
    else if (alarmMs !== undefined) ctx.schedule(ctx.now() + alarmMs);
    if (alarmMs !== undefined) change(ctx, () => ({ ringsAt: ctx.getScheduledTime() }));
    if (ctx.attempt <= throws) throw new Error(`attempt ${ctx.attempt} of ${n}`);
    if (ends) await ctx.terminate();
    return n;
  }

  protected async ring(ctx: Context): Promise<string> {
    if ((ctx.state ?? NEW_STATE).ringsAt === null)
      this.simulation.violated('I9', `${ctx.instanceId} rang though no alarm was set`);
    change(ctx, ({ alarms }) => ({ ringsAt: null, alarms: alarms + 1 }));
    await this.work(-ctx.executeCount, 5);
    return 'rang';
  }

  protected async pause(n: number, ms: number): Promise<number> {
    this.simulation.bodies.started(currentFrame(), false);
    await new Promise<void>((resolve) => this.machine.moment(ms, resolve));
    return n;
  }
}

function change(ctx: Context, make: (state: ActorState) => Partial<ActorState>): void {
  ctx.updateState((state) => ({ ...(state ?? NEW_STATE), ...make(state ?? NEW_STATE) }));
}

/** Parks what fails. */
@Actor({ id: 'strict', state: StateShape, key: 'key' })
class StrictActor extends Tallying {
  @Retry({ maxAttempts: MESSAGE_ATTEMPTS, backoff: fixed('200ms') })
  @OnEvent(Told)
  async told(message: ActorMessage, ctx: Context) {
    return this.handle(message, ctx);
  }

  @OnAlarm()
  async rang(ctx: Context) {
    return this.ring(ctx);
  }

  @Step()
  async work(n: number, ms: number) {
    return this.pause(n, ms);
  }
}

/** Takes what fails, and counts how often nothing is ahead of it. */
@Actor({ id: 'lenient', state: StateShape, key: 'key' })
class LenientActor extends Tallying {
  @Retry({ maxAttempts: MESSAGE_ATTEMPTS, backoff: fixed('200ms') })
  @OnEvent(Asked)
  async asked(message: ActorMessage, ctx: Context) {
    return this.handle(message, ctx);
  }

  @OnAlarm()
  async rang(ctx: Context) {
    return this.ring(ctx);
  }

  @OnIdle()
  async idle(ctx: Context) {
    change(ctx, ({ idles }) => ({ idles: idles + 1 }));
    await this.work(0, 1);
  }

  @OnError()
  async failed(error: Error, ctx: Context) {
    const n = Number(error.message.slice(error.message.lastIndexOf(' ') + 1));
    change(ctx, ({ failed }) => ({ failed: [...failed, n] }));
    await this.work(n, 1);
  }

  @Step()
  async work(n: number, ms: number) {
    return this.pause(n, ms);
  }
}

/** The events of the two actors, and the definitions that take them. */
export const actorEvents = { strict: 'told', lenient: 'asked' } as const;

export type ActorName = keyof typeof actorEvents;

export const actorDefinitions: readonly WorkerDefinition[] = compileWorkers([StrictActor, LenientActor]);

/** Their instances in one process, by worker id. */
export function actorWorkers(simulation: Simulation, machine: Machine): ReadonlyMap<string, object> {
  return new Map<string, object>([
    ['strict', new StrictActor(simulation, machine)],
    ['lenient', new LenientActor(simulation, machine)],
  ]);
}
