import { Test } from '@nestjs/testing';
import { bootstrap, defineEvent, memoryStore, OnEvent, silentLogger, Worker } from 'holdfast';
import { WorkerHealthIndicator, WorkerModule } from 'holdfast/nest';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ id: z.string() }));

@Worker()
class Orders {
  @OnEvent(Placed) fulfil(): void {}
}

test('the indicator can be injected, and tells health checks in their own form', async () => {
  const store = memoryStore();
  const module = await Test.createTestingModule({
    imports: [WorkerModule.forRoot({ store, logger: silentLogger })],
    providers: [Orders, WorkerHealthIndicator],
  }).compile();
  const indicator = module.get(WorkerHealthIndicator);
  expect(await indicator.isReady('workers')).toMatchObject({
    workers: { status: 'down', problems: ['the app is not started', 'no handler is registered'] },
  });
  await module.init();
  expect(await indicator.isHealthy('workers', { maxLag: '30s' })).toEqual({
    workers: {
      status: 'up',
      isStarted: true,
      sinceClaimMs: expect.any(Number) as number,
      lagMs: 0,
      handlers: 1,
      storeMs: expect.any(Number) as number,
      problems: [],
    },
  });
  jest.spyOn(store, 'paused').mockRejectedValue(new Error('gone'));
  expect((await indicator.isReady('workers')).workers).toMatchObject({
    status: 'down',
    problems: ['the store does not answer: gone'],
  });
  expect((await indicator.isAlive('workers')).workers).toMatchObject({ status: 'up', problems: [] });
  await module.close();
});

test('an indicator of any app can be made by hand', async () => {
  const app = await bootstrap({ workers: [Orders], store: memoryStore(), logger: silentLogger });
  expect((await new WorkerHealthIndicator(app).isAlive('reports')).reports.status).toBe('up');
  await app.close();
});
