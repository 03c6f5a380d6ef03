import type { FaultMix } from './fault-mix.js';
import type { CallFaults, FaultSource, HintFaults, MomentFaults, Striker } from './fault-source.js';
import type { SeededRandom } from './seeded-random.js';
import type { FaultKind, StruckFault } from './struck-fault.js';

const DAY_MS = 86_400_000;

/** Faults as a seed draws them from a mix; remembers each that struck. */
export class DrawnFaults implements FaultSource {
  readonly struck: StruckFault[] = [];
  private blows = 0;
  private steppedOnAt = Number.NEGATIVE_INFINITY;
  private readonly streams = new Map<string, SeededRandom>();

  constructor(
    private readonly mix: FaultMix,
    private readonly random: SeededRandom,
    /** Paused processes stand still for up to three of these. */
    private readonly leaseMs: number,
    /** Processes that die or stand still, at most, in one stretch of faults: who dies again and again is parked. */
    private readonly mostBlows = Number.POSITIVE_INFINITY,
  ) {}

  get lastsMs(): number {
    return this.mix.lastsMs;
  }

  get goneForGood(): number {
    return this.mix.goneForGood;
  }

  atCall(machine: string, call: number): CallFaults {
    const { mix } = this;
    const random = this.stream(`calls of ${machine}`);
    const outcome = this.outcome(random);
    const thereMs = random.chance(mix.slow) ? random.int(0, mix.slowMs) : 0;
    const backMs = random.chance(mix.slow) ? random.int(0, mix.slowMs) : 0;
    const when = random.chance(0.5) ? 'before' : 'after';
    const dies = random.chance(mix.crashAtCall) && this.mayStrike() ? when : null;
    if (outcome !== 'answered') this.note(outcome, machine, call);
    if (thereMs + backMs > 0) this.note('slow', machine, call, thereMs, backMs);
    if (dies !== null) this.note(`dies-${dies}`, machine, call);
    return { outcome, thereMs, backMs, dies };
  }

  atHint(machine: string, hint: number): HintFaults {
    const { mix } = this;
    const random = this.stream(`hints of ${machine}`);
    const isLost = random.chance(mix.hintDropped);
    const lateMs = random.chance(mix.hintLate) ? random.int(20, DAY_MS) : 0;
    const doubledMs = random.chance(mix.hintDoubled) ? random.int(0, 40) : null;
    if (isLost) this.note('hint-lost', machine, hint);
    else {
      if (lateMs > 0) this.note('hint-late', machine, hint, lateMs);
      if (doubledMs !== null) this.note('hint-doubled', machine, hint, doubledMs);
    }
    return { isLost, lateMs, doubledMs };
  }

  atMoment(machine: string, moment: number): MomentFaults {
    const random = this.stream(`moments of ${machine}`);
    const [death, pause, part] = [random.next(), random.next(), random.next()];
    const dies = death < this.mix.crashInBody && this.mayStrike();
    const pauses = !dies && pause < this.mix.pauseInBody && this.mayStrike();
    const pausesMs = pauses ? Math.ceil((0.5 + part * 2) * this.leaseMs) : 0;
    if (dies) this.note('dies-in-body', machine, moment);
    if (pausesMs > 0) this.note('stands-still', machine, moment, pausesMs);
    return { dies, pausesMs };
  }

  strike(striker: Striker, untilMs: number): void {
    this.blows = 0;
    const { mix } = this;
    const random = this.stream('processes');
    this.recur(striker, untilMs, mix.crashEveryMs, (machine) => {
      this.note('crash', machine, striker.elapsed());
      striker.crash(machine);
    });
    this.recur(striker, untilMs, mix.pauseEveryMs, (machine) => {
      const forMs = random.int(0, 3 * this.leaseMs);
      this.note('pause', machine, striker.elapsed(), forMs);
      striker.pause(machine, forMs);
    });
    this.recur(striker, untilMs, mix.stopEveryMs, (machine) => {
      const restartMs = random.int(0, 5_000);
      this.note('stop', machine, striker.elapsed(), restartMs);
      striker.stop(machine, restartMs);
    });
    const steps = this.stream('clock');
    const step = (): void => {
      striker.after(Math.ceil(-Math.log(1 - steps.next()) * mix.clockStepEveryMs), () => {
        if (striker.elapsed() >= untilMs) return;
        this.stepClock(striker, steps);
        step();
      });
    };
    if (mix.clockStepEveryMs > 0) step();
  }

  /** A step on that is longer than the margin of a lease would let another process take it early. */
  private stepClock(striker: Striker, random: SeededRandom): void {
    const isOn = random.chance(0.3) && striker.elapsed() - this.steppedOnAt > 2 * this.leaseMs;
    const ms = isOn ? random.int(10, 500) : -random.int(10, 5_000);
    if (isOn) this.steppedOnAt = striker.elapsed();
    this.note('clock-step', 'all', striker.elapsed(), ms);
    striker.stepClock(ms);
  }

  private recur(striker: Striker, untilMs: number, everyMs: number, hit: (machine: string) => void): void {
    if (everyMs === 0) return;
    const random = this.stream('processes');
    striker.after(Math.ceil(-Math.log(1 - random.next()) * everyMs), () => {
      if (striker.elapsed() >= untilMs) return;
      const running = striker.running();
      if (running.length > 0 && this.mayStrike()) hit(random.pick(running));
      this.recur(striker, untilMs, everyMs, hit);
    });
  }

  private mayStrike(): boolean {
    return ++this.blows <= this.mostBlows;
  }

  private outcome(random: SeededRandom): CallFaults['outcome'] {
    if (random.chance(this.mix.refused)) return 'refused';
    if (!random.chance(this.mix.replyLost)) return 'answered';
    return random.chance(0.8) ? 'reply-lost' : 'late';
  }

  private note(kind: FaultKind, machine: string, at: number, ...ms: readonly number[]): void {
    this.struck.push({ kind, machine, at, ms });
  }

  private stream(name: string): SeededRandom {
    let stream = this.streams.get(name);
    if (stream === undefined) this.streams.set(name, (stream = this.random.fork(name)));
    return stream;
  }
}
