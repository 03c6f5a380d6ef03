import { ConfigurationError } from '../../model/errors-boot.js';

/** What Jest, Vitest and node:test have in common. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** The runner given, else the `describe` and `it` that the test framework put on the global object. */
export function testRunner(given: TestRunner | undefined): TestRunner {
  const found = given ?? (globalThis as Partial<TestRunner>);
  const { describe, it } = found;
  if (describe === undefined || it === undefined) {
    throw new ConfigurationError([
      {
        option: 'runner',
        found: 'no describe and it are given, and none are global',
        write: 'Call this in a Jest or Vitest file with globals, or pass { describe, it }',
      },
    ]);
  }
  return { describe, it };
}
