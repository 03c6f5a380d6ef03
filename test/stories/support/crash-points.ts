import { memoryStore, type Store, type WorkerClass } from 'holdfast';
import { TestApp, type TestAppOptions } from 'holdfast/testing';

/** Whether the write at which the process dies still reaches the store. */
export type Death = 'before the write' | 'after the write';

interface Scenario {
  readonly workers: readonly WorkerClass[];
  readonly options?: Omit<TestAppOptions, 'workers' | 'store'>;
  /** A memory store by default. */
  store?(): Store;
  /** Once per run, before it begins. */
  prepare?(app: TestApp): void;
  /** Must be safe to repeat: it is called again when the process died before it was done. */
  begin(app: TestApp): Promise<unknown>;
  /** Lets everything come to its end. */
  drive(app: TestApp): Promise<unknown>;
  verify(app: TestApp, where: string): Promise<void> | void;
  /** Called before each run. */
  reset(): void;
}

/** Runs the scenario once for every write of its undisturbed run, killing the process there. Returns how many. */
export async function killAtEveryWrite(scenario: Scenario): Promise<number> {
  const writes = await runOnce(scenario, 0, 'after the write');
  for (let at = 1; at <= writes; at++)
    for (const death of ['before the write', 'after the write'] as const) await runOnce(scenario, at, death);
  return writes;
}

async function runOnce(scenario: Scenario, killAt: number, death: Death): Promise<number> {
  scenario.reset();
  let writes = 0;
  const deaths: Promise<void>[] = [];
  let app: TestApp | null = null;
  const inner: Store = scenario.store?.() ?? memoryStore();
  const write: Store['write'] = async (group) => {
    if (++writes !== killAt) return inner.write(group);
    if (death === 'after the write') await inner.write(group);
    if (app !== null) deaths.push(app.crash());
    return new Promise(() => {});
  };
  const store = new Proxy(inner, {
    get: (target, name) => {
      if (name === 'write') return write;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  app = (await TestApp.create({ ...scenario.options, workers: scenario.workers, store })) as TestApp;
  scenario.prepare?.(app);
  try {
    const isDone = await doneUnlessKilled(scenario.begin(app), () => deaths.length > 0);
    await doneUnlessKilled(scenario.drive(app), () => deaths.length > 0);
    if (deaths.length > 0) {
      await Promise.all(deaths);
      await app.restart();
      if (!isDone) await scenario.begin(app);
      await scenario.drive(app);
    }

    const total = writes;
    await scenario.verify(app, killAt === 0 ? 'undisturbed' : `killed ${death} ${killAt}`);
    return total;
  } finally {
    await app.close();
  }
}

/** A dead process answers nobody. */
async function doneUnlessKilled(work: Promise<unknown>, isKilled: () => boolean): Promise<boolean> {
  let isDone = false;
  const done = work.then(
    () => {
      isDone = true;
    },
    (error: unknown) => {
      if (!isKilled()) throw error;
    },
  );
  while (!isDone && !isKilled()) await Promise.race([done, new Promise((resolve) => setImmediate(resolve))]);
  return isDone;
}
