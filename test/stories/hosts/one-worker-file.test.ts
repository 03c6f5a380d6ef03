import { Test } from '@nestjs/testing';
import { bootstrap, memoryStore, METRICS, WORKER_APP, type WorkerApp } from 'holdfast';
import { WorkerModule } from 'holdfast/nest';
import { OrderPlaced, OrderWorker, Payments } from './order-worker.js';

const metrics = { increment: jest.fn(), timing: jest.fn(), gauge: jest.fn() };
const fakePayments = { charge: (orderId: string) => `fake receipt of ${orderId}` };

beforeEach(() => jest.clearAllMocks());

/** Places an order and tells what became of it: the same in every host. */
async function placeOrder(app: WorkerApp): Promise<readonly unknown[]> {
  const published = await app.publish(OrderPlaced, { orderId: 'o-1', total: 5 });
  const receipt = await published.of(OrderWorker, 'fulfil').result();
  const [thanks] = await app.executions.list({ event: 'order.paid' });
  await app.execution(thanks?.id ?? '').result();
  return [receipt, app.get(OrderWorker).paid];
}

test('under bootstrap() the worker gets its provider, its app and a framework part', async () => {
  await using app = await bootstrap({ workers: [OrderWorker], store: memoryStore(), metrics });
  await app.start();
  expect(await placeOrder(app)).toEqual(['receipt of o-1 (keyed)', ['receipt of o-1 (keyed)']]);
  expect(metrics.increment).toHaveBeenCalledWith('charges', {});
});

test('under bootstrap() a provider is replaced by its token', async () => {
  await using app = await bootstrap({
    workers: [OrderWorker],
    store: memoryStore(),
    metrics,
    providers: [{ provide: Payments, useValue: fakePayments }],
  });
  await app.start();
  expect(await placeOrder(app)).toEqual(['fake receipt of o-1', ['fake receipt of o-1']]);
});

test('under Nest the same file runs with overrideProvider(Payments)', async () => {
  const module = await Test.createTestingModule({
    imports: [WorkerModule.forRoot({ store: memoryStore() })],
    providers: [OrderWorker, Payments],
  })
    .overrideProvider(Payments)
    .useValue(fakePayments)
    .overrideProvider(METRICS)
    .useValue(metrics)
    .compile();
  await module.init();
  const app = module.get<WorkerApp>(WORKER_APP);
  expect(await placeOrder(app)).toEqual(['fake receipt of o-1', ['fake receipt of o-1']]);
  expect(metrics.increment).toHaveBeenCalledWith('charges', {});
  expect(metrics.timing).toHaveBeenCalledWith(
    'holdfast.execution.completed',
    expect.anything(),
    expect.anything(),
  );
  expect(app.get(OrderWorker)).toBe(module.get(OrderWorker));
  await module.close();
});
