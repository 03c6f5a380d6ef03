import { type BootstrapOptions, ConfigurationError, type WorkerApp } from '../../lib/entries/index.js';
import { TestApp, VirtualClock } from '../../lib/entries/testing.js';

/** Makes a `TestApp` of a module's options. Nothing is told to trackers: a test has no business outside. */
export async function makeTestApp(options: BootstrapOptions): Promise<WorkerApp> {
  const { clock, tracker: _tracker, ...rest } = options;
  if (!(clock instanceof VirtualClock))
    throw new ConfigurationError([
      {
        option: 'CLOCK',
        found: 'what overrides it is no VirtualClock',
        write: 'Override it with new VirtualClock(), or write WorkerTestingModule.forRoot({ now })',
      },
    ]);
  return TestApp.create({ ...rest, clock });
}
