import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import {
  CLOCK,
  DISPATCHER,
  localDispatcher,
  LOGGER,
  memoryStore,
  silentLogger,
  STORE,
} from '../../lib/entries/index.js';
import { TestApp, VirtualClock } from '../../lib/entries/testing.js';
import { MAKE_APP } from '../make-app.js';
import { getPartToken, getWorkerAppToken } from '../tokens.js';
import { WorkerModule } from '../worker-module.js';
import type { WorkerModuleOptions } from '../worker-module-options.js';
import { asSpare } from './as-spare.js';
import { makeTestApp } from './make-test-app.js';

/** A test asks for what ended before time moved on; `retention` bounds it, in virtual time. */
const ALL = Number.MAX_SAFE_INTEGER;

/**
 * The options of `WorkerModule.forRoot()`, for tests of modules that do not import it. Of an application that does, the options are
 * its own: here only `now`, `clock`, `store`, `dispatcher`, `logger` and `name` count.
 */
export interface WorkerTestingModuleOptions extends Omit<WorkerModuleOptions, 'clock' | 'tracker'> {
  /** When the test begins: a Date, or epoch ms; 2026-01-01T00:00:00Z by default. */
  readonly now?: Date | number;
  /** The virtual clock, to share it. Default: one of its own. */
  readonly clock?: VirtualClock;
}

/**
 * The real module on a memory store and a virtual clock, whatever store and dispatcher the application has chosen: as an
 * import of the test beside the application, or beside single modules of it. The app is a `TestApp`: time stands still until
 * `advance`, and a process can crash. The test ends it with the Nest module: `await module.close()`.
 *
 * @example
 * const module = await Test.createTestingModule({ imports: [WorkerTestingModule.forRoot(), AppModule] })
 *   .overrideProvider(Payments)
 *   .useValue(payments)
 *   .compile();
 * await module.init();
 * await module.get(TestApp).advance('3 days');
 */
@Module({})
export class WorkerTestingModule {
  static forRoot(options: WorkerTestingModuleOptions = {}): DynamicModule {
    const { now, clock, store, dispatcher, logger, ...rest } = options;
    const { name } = rest;
    const parts: readonly (readonly [Parameters<typeof getPartToken>[0], () => object])[] = [
      [STORE, () => store ?? memoryStore({ keep: ALL })],
      [CLOCK, () => clock ?? new VirtualClock(now)],
      [DISPATCHER, () => dispatcher ?? localDispatcher()],
      [LOGGER, () => logger ?? silentLogger],
    ];
    const providers: Provider[] = parts.map(([part, useFactory]) => ({
      provide: getPartToken(part, name),
      useFactory,
    }));
    const app = getWorkerAppToken(name);
    const alias: Provider[] = name === undefined ? [{ provide: TestApp, useExisting: app }] : [];
    return {
      module: WorkerTestingModule,
      global: true,
      imports: [asSpare(WorkerModule.forRoot(rest), name)],
      providers: [...providers, { provide: MAKE_APP, useValue: makeTestApp }, ...alias],
      exports: [MAKE_APP, ...alias.map(() => TestApp)],
    };
  }
}
