import type { MessageId } from '../../lib/model/ids.js';
import { isSettled } from '../../lib/model/execution.js';
import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { arrivalEvent, requestFor } from './program-worker.js';
import { KEYS } from './random-program.js';

/** How often somebody looks what is waited for. */
const ROUND_MS = 4_000;

/** Brings what programs wait for: some at once, and as long as somebody waits, more. */
export class Postman {
  private count = 0;
  private isStopped = false;

  constructor(
    private readonly simulation: Simulation,
    private readonly random: SeededRandom,
  ) {
    for (let many = random.int(0, 8); many > 0; many--)
      this.post(random.between(0, 20_000), random.int(0, KEYS - 1));
    this.goRound();
  }

  stop(): void {
    this.isStopped = true;
  }

  private goRound(): void {
    const { simulation } = this;
    simulation.time.after(ROUND_MS, null, () => {
      if (this.isStopped) return;
      const wanted = new Set<string>();
      for (const { id, status } of simulation.model.records.values())
        if (!isSettled(status)) for (const [, key] of simulation.model.mailboxes.openOf(id)) wanted.add(key);
      this.mend();
      for (const key of wanted) this.post(simulation.time.elapsed, Number(key));
      this.goRound();
    });
  }

  /** Whoever waits for a child that was parked waits for a person. */
  private mend(): void {
    const { simulation } = this;
    for (const { id, status, definition } of simulation.model.records.values())
      if (status === 'parked' && definition === 'program.child')
        simulation.sendAt(simulation.time.elapsed, () => ({
          id: `mended ${++this.count}` as MessageId,
          to: id,
          kind: 'resume',
          body: null,
        }));
  }

  private post(atMs: number, key: number): void {
    const arrival = `arrival ${++this.count}`;
    const request = requestFor(arrivalEvent, { key, arrival }, { id: arrival });
    this.simulation.publishAt(atMs, request, true);
    if (this.random.chance(0.3))
      this.simulation.publishAt(atMs + this.random.between(0, 20_000), request, true);
  }
}
