import type { Store } from '../ports/store.js';
import { Readings } from './readings.js';

/** Which definitions are paused, as this process last read it: what is paused starts nowhere, not even with its publish. */
export class PausedDefinitions {
  readonly readings = new Readings();
  private paused: ReadonlySet<string> = new Set();

  constructor(private readonly store: Store) {}

  has(definition: string): boolean {
    return this.paused.has(definition);
  }

  /** Pauses or resumes definitions for every process; others learn it at their next claim. */
  async set(definitions: readonly string[], paused: boolean): Promise<void> {
    await this.store.setPaused(definitions, paused);
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const reading = this.readings.next();
    this.take(await this.store.paused(), reading);
  }

  take(paused: readonly string[], reading: number): void {
    if (this.readings.accepts(reading)) this.paused = new Set(paused);
  }
}
