import { storeCases } from './store-cases.js';
import type { StoreFactory } from './store-harness.js';
import { type TestRunner, testRunner } from './test-runner.js';

export interface DescribeStoreOptions {
  /** `describe` and `it` of the test framework; the global ones by default. */
  readonly runner?: TestRunner;
  /** What is stored survives the process: the harness has `reopen`. Default: false. */
  readonly durable?: boolean;
  /** Several processes, or several opens of one store, share data: the harness has `second`. Default: false. */
  readonly shared?: boolean;
}

/**
 * Registers the conformance suite of the store port as tests of `name`: one fresh store per case.
 *
 * @example
 * describeStore('my store', async () => {
 *   const clock = new ManualClock();
 *   const context = { clock, random: { next: () => 0.5 }, warn: () => {} };
 *   const store = myStore();
 *   await store.open(context);
 *   return { store, clock, context, dispose: () => store.close() };
 * });
 */
export function describeStore(name: string, factory: StoreFactory, options: DescribeStoreOptions = {}): void {
  const { describe, it } = testRunner(options.runner);
  const has = { store: true, reopen: options.durable ?? false, second: options.shared ?? false };
  describe(name, () => {
    for (const test of storeCases()) {
      if (!has[test.needs]) continue;
      it(test.name, async () => {
        const harness = await factory();
        try {
          await test.run(harness);
        } finally {
          await harness.dispose();
        }
      });
    }
  });
}
