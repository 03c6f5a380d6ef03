import type { Store } from '../../ports/store.js';
import type { Verdict, Write } from '../../ports/store-write.js';
import type { RunWatch } from './run-watch.js';

/** What a process does to a store only as long as it lives. */
const DEEDS: readonly (string | symbol)[] = ['write', 'claim'];

/** Between one process of a run and what lies outside it: from the instant of its death nothing passes. */
export class ProcessBorder {
  isDead = false;
  private release: (() => void) | null = null;

  constructor(private readonly watch: RunWatch) {}

  /** The process's way to the store that all processes of the run share. */
  storeThrough(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name === 'write') return (writes: readonly Write[]) => this.write(target, writes);
        return (...args: readonly unknown[]): unknown =>
          this.isDead && DEEDS.includes(name) ? never() : Reflect.apply(member, target, args);
      },
    });
  }

  /** A process that stood still goes on. */
  goOn(): void {
    this.release?.();
  }

  die(): void {
    this.isDead = true;
  }

  private async write(store: Store, writes: readonly Write[]): Promise<readonly Verdict[]> {
    if (this.isDead) return never();
    const boundary = this.watch.writeBegins(writes);
    if (boundary === 'before-checkpoint') return this.dieHere();
    if (boundary === 'lease-lost') await this.standStill();
    const verdicts = await store.write(writes);
    this.watch.written(writes, verdicts);
    if (boundary === 'lease-lost')
      this.watch.wasRefused = verdicts.some(
        ({ verdict }, at) => writes[at]?.kind === 'commit' && verdict !== 'ok',
      );
    return boundary === 'after-checkpoint' ? this.dieHere() : verdicts;
  }

  /** What asks for it is never answered. */
  dieHere(): Promise<never> {
    this.die();
    this.watch.arrived();
    return never();
  }

  private standStill(): Promise<void> {
    const released = new Promise<void>((resolve) => {
      this.release = resolve;
    });
    this.watch.arrived();
    return released;
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
