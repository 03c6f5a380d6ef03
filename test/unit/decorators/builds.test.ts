import { compileFunction } from 'node:vm';
import { AppContainer } from '../../../lib/app/injection/container.js';
import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { Inject } from '../../../lib/decorators/inject.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { Retry } from '../../../lib/decorators/retry.js';
import { Step } from '../../../lib/decorators/step.js';
import { Worker } from '../../../lib/decorators/worker.js';
import type { WorkerClass } from '../../../lib/model/definition.js';
import { builds } from './builds.js';

const source = `
class Payments {}
@Worker()
class OrderWorker {
  static self = OrderWorker;
  constructor(readonly payments: Payments, @Inject('config') readonly config: object) {}
  @OnEvent('order.placed') fulfil(order: object) {}
  @Step() @Retry({ maxAttempts: 2 }) charge() {}
}
return [OrderWorker, Payments];
`;

/** The classes as that build makes them, in this realm. */
function load(build: (code: string) => string): WorkerClass[] {
  const body = `${build(`function make() {${source}}`)}; return make();`;
  const parameters = ['Worker', 'OnEvent', 'Step', 'Retry', 'Inject', 'Reflect'];
  const make = compileFunction(body, parameters) as (...decorators: unknown[]) => WorkerClass[];
  return make(Worker, OnEvent, Step, Retry, Inject, Reflect);
}

describe.each(builds)('a worker built by %s', (_, emitsTypes, build) => {
  const workers = load(build).slice(0, 1);

  it('compiles to the same definition', () => {
    const [definition] = compileWorkers(workers);
    expect(definition?.id).toBe('order-worker');
    expect(definition?.handlers[0]?.routes).toEqual([{ event: 'order.placed', accepts: null }]);
    expect(definition?.steps.get('charge')?.retry.maxAttempts).toBe(2);
  });

  it('gets its dependencies by type, or is told that the build emits no types', () => {
    const { mistakes } = new AppContainer({ workers, providers: [{ provide: 'config', useValue: {} }] });
    const found = 'its type is unknown: the build emits no constructor types';
    expect(mistakes.map((mistake) => [mistake.member, mistake.found.slice(0, found.length)])).toEqual(
      emitsTypes ? [] : [['parameter 0', found]],
    );
  });
});
