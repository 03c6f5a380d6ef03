import type { GroupWriter } from '../engine/group-writer.js';
import type { Definitions } from '../engine/definitions.js';
import { tickEvent, tickId } from '../dispatch/tick-event.js';
import { isSettled } from '../model/execution.js';
import type { ExecutionId, MessageId } from '../model/ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Codec } from '../ports/codec.js';
import type { IdGenerator } from '../ports/id-generator.js';
import { isApplied } from '../ports/is-applied.js';
import type { Observer } from '../ports/observer.js';
import type { Random } from '../ports/random.js';
import type { Change, Store } from '../ports/store.js';
import type { NewEvent } from '../ports/store-write.js';
import { tellFault } from '../ports/tell-fault.js';
import { nextTick, type TickPlan } from './next-tick.js';
import {
  type KnownSchedule,
  type ScheduleState,
  firstState,
  knownSchedule,
  taken,
} from './schedule-state.js';
import { type OwnSchedule, schedulesOf } from './schedules.js';

export interface SchedulerParts {
  readonly store: Pick<Store, 'schedules' | 'processes' | 'read'>;
  readonly writer: Pick<GroupWriter, 'write'>;
  readonly definitions: Definitions;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdGenerator;
  readonly codec: Codec;
  readonly observer: Observer;
  /** An execution was stored that nobody runs yet. */
  readonly started: (event: NewEvent) => void;
  /** A message was stored for that execution. */
  readonly messageSent: (id: ExecutionId) => void;
}

/**
 * Moves the schedules on that this process declares. Every process that declares a schedule does so, with a timer for the
 * next instant: the store lets one of them. Those with the policy of an older deployment leave it to the newer ones.
 */
export class Scheduler {
  private running = false;
  private known = new Map<string, KnownSchedule>();
  /** Executions whose end lets a schedule go on. */
  private readonly awaited = new Set<ExecutionId>();
  private timer: Timer | null = null;
  private working: Promise<void> | null = null;
  private isAsked = false;
  private mustRead = false;

  constructor(private readonly parts: SchedulerParts) {}

  start(): void {
    this.running = true;
    this.ask(true);
  }

  /** Resolves when nothing of it is under way. */
  async stop(): Promise<void> {
    this.halt();
    await this.working;
  }

  halt(): void {
    this.running = false;
    this.timer?.cancel();
  }

  /** Reads what other processes made of the schedules, and does what is due. */
  async refresh(): Promise<void> {
    this.ask(true);
    await this.working;
  }

  /** The execution ended, here. */
  ended(id: ExecutionId): void {
    if (this.awaited.has(id)) this.ask(false);
  }

  /** Another process changed that. */
  changed({ settled, declared }: Change): void {
    if (this.known.size === 0) return;
    if (declared) this.ask(true);
    else if (settled === 'unknown' || settled.some((id) => this.awaited.has(id))) this.ask(false);
  }

  private ask(mustRead: boolean): void {
    if (!this.running) return;
    this.isAsked = true;
    this.mustRead ||= mustRead;
    this.working ??= this.work().finally(() => {
      this.working = null;
      if (this.isAsked) this.ask(false);
    });
  }

  private async work(): Promise<void> {
    try {
      while (this.isAsked && this.running) {
        this.isAsked = false;
        await this.look();
      }
    } catch (error) {
      // The next sweep tries again.
      this.isAsked = false;
      if (this.running) tellFault(this.parts, 'run schedules', error);
    }
    this.arm();
  }

  private async look(): Promise<void> {
    const own = schedulesOf(this.parts.definitions);
    if (own.length === 0) {
      this.known.clear();
      return;
    }
    if (this.mustRead) {
      this.mustRead = false;
      await this.read(own);
    }
    this.awaited.clear();
    for (const schedule of own) await this.attend(schedule);
  }

  private async read(own: readonly OwnSchedule[]): Promise<void> {
    const stored = new Map((await this.parts.store.schedules()).map((each) => [each.id, each]));
    const known = new Map<string, KnownSchedule>();
    for (const schedule of own) {
      const found = stored.get(schedule.id);
      const mine = await this.claim(schedule, found === undefined ? null : knownSchedule(found));
      if (mine !== null) known.set(schedule.id, mine);
    }
    this.known = known;
  }

  /** The schedule under the policy of this process; null: a newer deployment has it, or another process was faster. */
  private claim(schedule: OwnSchedule, found: KnownSchedule | null): Promise<KnownSchedule | null> {
    const now = this.parts.clock.now();
    if (found === null) return this.move(schedule.id, null, firstState(schedule.policy, now), null);
    const { state } = found;
    if (state.print !== schedule.policy.print) return this.takeOver(schedule, found);
    if (state.orphanedAt === null) return Promise.resolve(found);
    return this.move(schedule.id, found.version, { ...state, orphanedAt: null }, null);
  }

  private async takeOver({ id, policy }: OwnSchedule, found: KnownSchedule): Promise<KnownSchedule | null> {
    const { state, version } = found;
    if (state.former.includes(policy.print)) {
      const live = await this.parts.store.processes();
      const isHeld = live.some(
        ({ role, schedules = [] }) =>
          role !== 'publisher' && schedules.some((each) => each.id === id && each.print === state.print),
      );
      if (isHeld) return null;
    }
    return this.move(id, version, taken(state, policy, this.parts.clock.now()), null);
  }

  /** Does all that is due of one schedule. */
  private async attend(schedule: OwnSchedule): Promise<void> {
    for (;;) {
      const known = this.known.get(schedule.id);
      if (known === undefined || known.state.isPaused || !this.running) return;
      const now = this.parts.clock.now();
      const { nextAt, bufferedAt } = known.state;
      if (bufferedAt === null && (nextAt === null || nextAt > now)) return;
      const isOpen = schedule.policy.overlap !== 'allow' && (await this.isOpen(known.state));
      const plan = nextTick(known.state, schedule.policy, now, isOpen);
      if (plan === null) return;
      const moved = await this.tick(schedule, known, plan);
      if (moved === null) {
        this.known.delete(schedule.id);
        return;
      }
      this.known.set(schedule.id, moved);
    }
  }

  private async isOpen({ last }: ScheduleState): Promise<boolean> {
    if (last === null) return false;
    // Before the answer is there: it may end meanwhile.
    this.awaited.add(last.executionId);
    const record = await this.parts.store.read(last.executionId);
    const isOpen = record !== null && !isSettled(record.status);
    if (!isOpen) this.awaited.delete(last.executionId);
    return isOpen;
  }

  private async tick(
    schedule: OwnSchedule,
    { version, state }: KnownSchedule,
    plan: TickPlan,
  ): Promise<KnownSchedule | null> {
    const { runs, nextAt, bufferedAt, cancels, skipped } = plan;
    // Before the next one is there: should this process die now, whoever comes to the instant instead cancels it too.
    if (cancels && state.last !== null) await this.cancel(state.last.executionId);
    const event = runs === null ? null : this.eventOf(schedule, runs);
    const last = event === null || runs === null ? state.last : { at: runs, executionId: idOf(event) };
    const moved = await this.move(schedule.id, version, { ...state, nextAt, bufferedAt, last }, event);
    if (moved === null) return null;
    if (skipped !== null)
      this.tell(schedule, skipped.at, { name: 'schedule.skipped', reason: skipped.reason });
    if (event !== null && runs !== null) {
      this.tell(schedule, runs, { name: 'schedule.tick', executionId: idOf(event) });
      this.parts.started(event);
    }
    return moved;
  }

  private eventOf(schedule: OwnSchedule, at: number): NewEvent {
    const { jitterMs } = schedule.policy;
    const { random, codec } = this.parts;
    const dueAt = jitterMs === 0 ? null : this.parts.clock.now() + Math.floor(jitterMs * random.next());
    return tickEvent(schedule, codec, tickId(schedule.id, at), at, dueAt);
  }

  private async cancel(to: ExecutionId): Promise<void> {
    const id = `overlap:${to}` as MessageId;
    const verdict = await this.parts.writer.write({
      kind: 'append',
      message: { id, to, kind: 'cancel', body: null },
    });
    if (isApplied(verdict)) this.parts.messageSent(to);
  }

  /** Null: it is not as it was read any more. */
  private async move(
    id: string,
    expected: string | null,
    state: ScheduleState,
    event: NewEvent | null,
  ): Promise<KnownSchedule | null> {
    const version = this.parts.ids.next();
    const text = JSON.stringify(state);
    const write = { kind: 'schedule', id, expected, version, state: text, event } as const;
    if (isApplied(await this.parts.writer.write(write))) return { id, version, state };
    this.isAsked = this.mustRead = true;
    return null;
  }

  private tell(
    { handler, id: _id }: OwnSchedule,
    scheduledAt: number,
    what:
      | { readonly name: 'schedule.tick'; readonly executionId: ExecutionId }
      | { readonly name: 'schedule.skipped'; readonly reason: 'overlap' | 'misfire' },
  ): void {
    const { worker, method } = handler;
    const at = this.parts.clock.now();
    this.parts.observer.emit({ ...what, worker, handler: method, scheduledAt, at });
  }

  /** Wakes at the earliest of the next instants. */
  private arm(): void {
    this.timer?.cancel();
    this.timer = null;
    if (!this.running) return;
    let earliest: number | null = null;
    const now = this.parts.clock.now();
    for (const { state } of this.known.values()) {
      // What is due and was not done waits for an end.
      if (state.isPaused || state.nextAt === null || state.nextAt <= now) continue;
      if (earliest === null || state.nextAt < earliest) earliest = state.nextAt;
    }
    if (earliest !== null) this.timer = this.parts.clock.setTimer(earliest - now, () => this.ask(false));
  }
}

function idOf({ executions }: NewEvent): ExecutionId {
  return (executions[0] as NewEvent['executions'][number]).id;
}
