import { type DispatcherFactory, dispatcherCases } from './dispatcher-cases.js';
import { type TestRunner, testRunner } from './test-runner.js';

export interface DescribeDispatcherOptions {
  /** `describe` and `it` of the test framework; the global ones by default. */
  readonly runner?: TestRunner;
}

/**
 * Registers the conformance suite of the dispatcher port as tests of `name`: one fresh dispatcher per case, stopped
 * after it.
 *
 * @example
 * describeDispatcher('my dispatcher', async () => ({ dispatcher: myDispatcher(), dispose: async () => {} }));
 */
export function describeDispatcher(
  name: string,
  factory: DispatcherFactory,
  options: DescribeDispatcherOptions = {},
): void {
  const { describe, it } = testRunner(options.runner);
  describe(name, () => {
    for (const test of dispatcherCases()) {
      it(test.name, async () => {
        const harness = await factory();
        try {
          await test.run(harness);
        } finally {
          await harness.dispatcher.stop();
          await harness.dispose();
        }
      });
    }
  });
}
