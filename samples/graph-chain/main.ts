// node --import @swc-node/register/esm-register samples/graph-chain/main.ts
import { setTimeout as pause } from 'node:timers/promises';
import {
  bootstrap,
  defineEvent,
  type EventData,
  execution,
  fixed,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  Step,
  Timeout,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const BuildAsked = defineEvent('build.asked', z.object({ product: z.string(), count: z.number() }));
type BuildAsked = EventData<typeof BuildAsked>;

/** What each part is made of. The clock was entered wrongly: it holds itself. */
class Catalogue {
  private readonly parts = new Map([
    ['bicycle', ['frame', 'wheel', 'wheel']],
    ['wheel', ['rim', 'tyre']],
    ['clock', ['hand', 'clock']],
  ]);

  async partsOf(product: string): Promise<readonly string[]> {
    return this.parts.get(product) ?? [];
  }
}

/** An old machine: it hangs when it is asked for the first time, and always for more than 100. */
class Plotter {
  async print(count: number, attempt: number, signal: AbortSignal): Promise<string> {
    if (attempt === 1 || count > 100) await pause(60_000, undefined, { signal });
    return `plan for ${count}`;
  }
}

@Worker('builds')
class BuildWorker {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly plotter: Plotter,
  ) {}

  /** The handler is the root of the chain: what it returns is the execution's result, and what `explode` gets. */
  @OnEvent(BuildAsked)
  check(asked: BuildAsked): BuildAsked {
    return { ...asked, product: asked.product.toLowerCase() };
  }

  @Step({ after: 'check' })
  async explode({ product, count }: BuildAsked): Promise<{ parts: string[]; count: number }> {
    return { parts: await this.partsOf(product), count };
  }

  /** Does not compile when its parameter does not fit what `explode` returns. */
  @Step({ after: 'explode' })
  @Timeout('100ms')
  @Retry({ maxAttempts: 2, backoff: fixed('20ms') })
  async plot({ parts, count }: { parts: string[]; count: number }): Promise<string> {
    const { attempt, signal } = execution();
    return `${await this.plotter.print(count, attempt, signal)} of ${parts.join(', ')}`;
  }

  @Step({ after: 'plot' })
  file(plan: string): string {
    return `filed: ${plan}`;
  }

  /** A step that code calls, here itself: at most `maxCallDepth` (15) deep. */
  @Step()
  async partsOf(product: string): Promise<string[]> {
    const parts = await this.catalogue.partsOf(product);
    const below = await Promise.all(parts.map((part) => this.partsOf(part)));
    return parts.length === 0 ? [product] : below.flat();
  }
}

await using app = await bootstrap({ workers: [BuildWorker], store: memoryStore(), logger: silentLogger });
app.on('step.failed', ({ step, attempt, durationMs, error }) => {
  if (step === 'check/plot')
    console.log(
      `  ${step}: attempt ${attempt} ended by ${(error as Error).name}, on time: ${durationMs < 1_000}`,
    );
});
await app.start();

for (const asked of [
  { product: 'Bicycle', count: 3 },
  { product: 'Bicycle', count: 1_000 },
  { product: 'Clock', count: 1 },
]) {
  console.log(`${asked.count} × ${asked.product}`);
  const build = (await app.publish(BuildAsked, asked)).of(BuildWorker, 'check');
  const outcome = await build.outcome();
  if (outcome.success) {
    const steps = await build.steps();
    console.log('  =>', steps.find(({ path }) => path === 'check/file')?.value);
  } else {
    const { name, message, failedStep, completedSteps } = outcome.error;
    const chain = completedSteps.filter((step) => step.split('/').length === 2);
    console.log(`  => ${name} in ${failedStep?.split('/').slice(0, 2).join('/')}, after [${chain.join()}]`);
    if (name === 'CallDepthExceededError') console.log(`     ${message}`);
  }
}
