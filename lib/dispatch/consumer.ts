import type { ExecutionId } from '../model/ids.js';
import type { ClaimAnswer, OwnExecution } from '../ports/store.js';
import { apart, OutsideContext } from '../ports/current-execution.js';
import { tellFault } from '../ports/tell-fault.js';
import { answerInTime } from '../engine/answer-in-time.js';
import type { Run, Work } from '../engine/work.js';
import { Backlog } from './backlog.js';
import { CLAIM_PAGE, claimRequest } from './claim-request.js';
import { ClaimWatch } from './claim-watch.js';
import { endLost, parted, tellMissedByHints } from './claimed-work.js';
import type { ConsumerOptions, Obtained, PullReason, Wish } from './consumer-options.js';
import { deliverInbox } from './deliver-inbox.js';
import { IdleWait } from './idle-wait.js';
import { Isolation } from './isolation.js';
import { type Slot, type SlotOwner, Slots } from './slots.js';
import { WakeTimer } from './wake-timer.js';

/** Keeps the process's slots busy: a free slot pulls what is due from the store. It holds no queue of its own. */
export class Consumer implements SlotOwner {
  readonly watch = new ClaimWatch();
  readonly isolation: Isolation;
  private readonly running = new Slots(this);
  private accepting = false;
  private pulling: Promise<void> | null = null;
  private pullAgain: PullReason | null = null;
  private pullScheduled = false;
  private readonly backlog: Backlog;
  /** What the store said is ours and did not run here, until it is taken back. */
  private stray: OwnExecution[] = [];
  private readonly waking: WakeTimer;
  private readonly idle = new IdleWait();
  /** What is claimed is no part of the request in whose turn it was looked for. */
  private readonly outside = new OutsideContext();

  constructor(private readonly options: ConsumerOptions) {
    this.backlog = new Backlog(options.clock);
    this.waking = new WakeTimer(options.clock, () => this.pull('timer'));
    this.isolation = new Isolation(options.clock, options.isolationMs, () => this.freed());
  }

  /** Slots in use. */
  get used(): number {
    return this.running.used;
  }

  /** Nothing runs here, and nothing is being claimed. */
  get isQuiet(): boolean {
    return this.used === 0 && this.pulling === null && !this.pullScheduled && this.pullAgain === null;
  }

  /** At most one execution runs here, and it waits for whatever it has begun: it makes one write at a time. */
  get isSequential(): boolean {
    return this.used < 2 && this.running.oldest?.run?.pass.isOccupied !== true;
  }

  /** What runs here just now. */
  get current(): readonly Run[] {
    return this.running.all().flatMap(({ run }) => run ?? []);
  }

  start(): void {
    this.accepting = true;
    this.watch.started(this.options.clock);
    this.pull('hint');
  }

  /** Takes nothing new; resolves when every slot is free, or after `timeoutMs` with what still runs handed back. */
  async drain(timeoutMs: number): Promise<void> {
    this.accepting = false;
    this.waking.cancel();
    this.isolation.cancel();
    for (const { pass } of this.current) pass.yield();
    const timeUp = this.options.clock.setTimer(timeoutMs, () => this.handBack());
    await this.idle.until(() => this.used === 0 && this.pulling === null);
    timeUp.cancel();
  }

  /** Ends every pass at once, as a dead process does: nothing more is written. */
  kill(): void {
    this.accepting = false;
    this.waking.cancel();
    this.isolation.cancel();
    for (const run of this.current) {
      run.pass.end({ kind: 'lost' });
      this.options.runEnded(run);
    }
    this.running.clear();
    this.idle.tell(() => true);
  }

  /** Holds a slot for an execution that is about to be published; null when none is free, or overdue work needs those that are. */
  reserve(id: ExecutionId, definition: string): Slot | null {
    if (this.options.isPaused(definition) || !this.canTake()) return null;
    if (this.backlog.needs(this.freeSlots(), this.options.concurrency())) return null;
    this.backlog.isContested = true;
    return this.running.take(id, this.options.lease.generation);
  }

  /** Gives a reserved slot back. */
  unreserve(slot: Slot): void {
    if (slot.run === null && !slot.isFree) this.free(slot);
  }

  /** Something may be due. Cheap to call: pulls are gathered. */
  pull(reason: PullReason): void {
    if (!this.accepting) return;
    if (this.options.pace !== null && reason !== 'sweep') {
      this.backlog.forget();
      return this.options.pace.look();
    }
    if (this.pulling !== null) this.pullAgain ??= reason;
    else if (!this.pullScheduled) this.schedulePull(reason);
  }

  private schedulePull(reason: PullReason): void {
    this.pullScheduled = true;
    this.options.clock.soon(() => {
      this.pullScheduled = false;
      const claims = (): Promise<void> => (this.options.pace === null ? this.pullAll(reason) : this.peek());
      if (this.pulling === null) void this.take(claims);
      else this.pullAgain ??= reason;
    });
  }

  /** Pulls again at that instant, if nothing earlier is planned. */
  wake(at: number): void {
    if (this.accepting && this.options.pace === null) this.waking.plan(at);
  }

  /** Executions were created that nobody has; `dueAt`: epoch ms, null: now. */
  created(dueAt: number | null): void {
    if (this.options.pace !== null) return;
    if (dueAt === null) this.pull('hint');
    else this.wake(dueAt);
  }

  /** Loads the messages of executions that run here. */
  async signal(ids: readonly ExecutionId[]): Promise<void> {
    for (const id of ids) {
      const run = this.runOf(id);
      if (run !== null) await deliverInbox(this.options.store, run);
    }
  }

  /** Its pass, while it runs here. */
  runOf(id: ExecutionId): Run | null {
    return this.running.find(id)?.run ?? null;
  }

  /** Whether a pass runs here of which the end is still to be told. */
  runs(id: ExecutionId): boolean {
    const slot = this.running.find(id);
    return slot !== undefined && (slot.run === null || slot.run.outcome === null);
  }

  /**
   * Compares with what the store says is ours. What ran before the question was sent (`before`) and is not ours any more, or ours
   * under another fence, ends; what is ours and does not run here is taken back: a reply was lost.
   */
  reconcile(before: readonly Run[], owned: readonly OwnExecution[]): void {
    endLost(before, owned);
    this.stray = owned.filter(({ id }) => !this.running.has(id));
    this.takeStray();
    if (this.backlog.mayBeThere) this.pull('hint');
  }

  /** Gives reserved slots back. Which of their executions are ours only the store knows: the lease is renewed soon, which takes those back. */
  reconcileSoon(slots: readonly Slot[]): void {
    for (const slot of slots) if (slot.run === null) this.running.free(slot);
    this.options.lease.hurry();
    this.freed();
  }

  /** Slots that may be filled just now. */
  get room(): number {
    return this.canTake() ? this.freeSlots() : 0;
  }

  /** Claims, at most `limit`, and begins what it got; once nothing else is being claimed. */
  async obtain(wish: Wish, limit: number): Promise<Obtained | 'no room' | 'failed'> {
    while (this.pulling !== null) await this.pulling;
    if (!this.canTake()) return 'no room';
    let answer: Obtained | null = null;
    await this.take(async () => {
      answer = await this.claim('hint', Math.min(this.freeSlots(), limit, CLAIM_PAGE), wish);
    });
    return answer ?? 'failed';
  }

  /** One claim is under way at a time: slots are never given twice. */
  private take(claims: () => Promise<void>): Promise<void> {
    this.pulling = this.outside
      .call(claims, undefined)
      .then(() => this.watch.wentRound())
      .catch((error: unknown) => {
        this.backlog.failed();
        tellFault(this.options, 'claim', error);
      })
      .then(() => {
        this.pulling = null;
        this.idle.tell();
        this.takeStray();
        if (this.pullAgain !== null && this.canTake()) this.pull(this.pullAgain);
        this.options.pace?.serve();
      });
    return this.pulling;
  }

  private async pullAll(reason: PullReason): Promise<void> {
    let next: PullReason | null = reason;
    const isFull = this.accepting && this.options.lease.mayStartBody() && !this.canTake();
    if (isFull && (this.backlog.isInDoubt || (reason === 'sweep' && this.watch.stoodStill()))) {
      this.pullAgain = null;
      // A claim of none: the store says whether anything is due.
      await this.claim('timer', 0);
      if (!this.backlog.mayBeThere) next = this.pullAgain;
    }
    while (next !== null && this.shareFor(next) > 0) {
      this.pullAgain = null;
      await this.claim(next, this.shareFor(next));
      next = this.pullAgain ?? (this.backlog.mayBeThere ? 'hint' : null);
    }
    if (next === null) return;
    // What waits is in the backlog now: pulled for at once, it would find no share of the slots again, turn after turn.
    this.pullAgain = null;
    this.backlog.found();
    // Nobody pulls when a slot is free already.
    if (this.canTake()) this.wake(this.options.clock.now() + this.backlog.patienceMs);
  }

  /** How many a claim asks for. A hint may be of what others take: publishers who keep this process busy have a share then. */
  private shareFor(reason: PullReason): number {
    if (!this.canTake()) return 0;
    const isShared = reason === 'hint' && this.used > 0;
    return Math.min(isShared ? this.backlog.shareOf(this.freeSlots()) : this.freeSlots(), CLAIM_PAGE);
  }

  /** What is ours already goes before what is merely due: nobody else takes it while this process lives. */
  private takeStray(): void {
    if (this.stray.length === 0 || this.pulling !== null || !this.canTake()) return;
    const own = this.stray.splice(0, Math.min(this.freeSlots(), CLAIM_PAGE));
    void this.take(async () => void (await this.claim('timer', own.length, { own })));
  }

  /** Looks whether anything is due that no hint told of: takes one, and hands it back to be taken by a ticket. */
  private async peek(): Promise<void> {
    this.pullAgain = null;
    if (!this.accepting || this.isolation.isOn || !this.options.lease.mayStartBody()) return;
    const answer = await this.ask(1, { worker: null });
    const work = this.watch.lookedFor(answer);
    if (work === undefined) return;
    void this.options.executor.release(work);
    this.options.pace?.look(answer.more ? undefined : [work.record.definition.id]);
  }

  private canTake(): boolean {
    if (!this.accepting || this.isolation.isOn || this.freeSlots() <= 0) return false;
    return this.options.lease.mayStartBody();
  }

  private async claim(reason: PullReason, limit: number, wish: Wish = { worker: null }): Promise<Obtained> {
    const { generation } = this.options.lease;
    const wasBehind = this.backlog.mayBeThere;
    this.backlog.asks(limit);
    const answer = await this.ask(limit, wish);
    this.backlog.asked = 0;
    const { claimed, nextAt, more } = answer;
    if (this.options.pace !== null) this.watch.brought(claimed);
    else if ('worker' in wish) this.backlog.answered(this.watch.claimed(answer), limit);
    if (nextAt !== null) this.wake(nextAt);
    if (reason === 'sweep' && !wasBehind) tellMissedByHints(this.options, claimed);
    const { begins, spared, sharing } = parted(claimed);
    // They are handed back before what may end this process begins.
    if (spared.length > 0)
      await this.isolation.holdUntil(Promise.all(spared.map((work) => this.release(work))));
    const runs = new Map<ExecutionId, Run>();
    for (const work of begins) {
      const { id } = work.record;
      // It was claimed again while it runs here: its lease had run out by the clock of the store.
      this.runOf(id)?.pass.end({ kind: 'lost' }, new Error('the lease was lost'));
      const run = apart(() => this.begin(work, this.running.take(id, generation), sharing));
      if (run !== null) runs.set(id, run);
    }
    return { runs, nextAt, more };
  }

  private ask(limit: number, wish: Wish): Promise<ClaimAnswer> {
    const { store, clock, answerMs } = this.options;
    const call = store.claim(claimRequest(this.options, limit, wish, (id) => this.running.has(id)));
    return answerInTime(clock, answerMs(), 'claim', call, (late) => this.handBackLate(late));
  }

  /** Others may have it by now, or we ourselves under a newer fence: it is not begun, but claimed again. */
  private handBackLate({ claimed }: ClaimAnswer): void {
    for (const work of claimed) void this.release(work);
    this.pull('hint');
  }

  /** Runs what was leased under the slot's generation of the process's lease; null when it was handed back instead. */
  begin(work: Work, slot: Slot, sharing = 1): Run | null {
    const { lease, executor } = this.options;
    const isOurs = slot.generation === lease.generation && lease.mayStartBody();
    const run = this.accepting && isOurs ? executor.execute(work, slot) : null;
    if (run === null) {
      void this.release(work);
      this.free(slot);
      return null;
    }
    slot.run = run;
    this.isolation.begun(work, run, sharing);
    return run;
  }

  ended(slot: Slot, run: Run): void {
    this.isolation.ended(run);
    this.options.runEnded(run);
    if (slot.isFree) return;
    if (run.pass.isOccupied) this.running.linger(run, () => this.freed());
    this.free(slot);
  }

  private release(work: Work): Promise<void> {
    this.backlog.found();
    return this.options.executor.release(work);
  }

  private free(slot: Slot): void {
    this.running.free(slot);
    this.freed();
  }

  private freed(): void {
    this.idle.tell();
    this.takeStray();
    if (this.backlog.mayBeThere || this.pullAgain !== null) this.pull(this.pullAgain ?? 'hint');
    this.options.pace?.serve();
  }

  private freeSlots(): number {
    return this.options.concurrency() - this.used - this.backlog.asked;
  }

  /** Time is up: what runs is told to stop and goes back; bodies that do not heed it are left alone. */
  private handBack(): void {
    for (const { pass } of this.current) pass.end({ kind: 'yielded' }, new Error('shutdown'));
    this.idle.tell(() => this.running.size === 0);
  }
}
