import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { WorkerApp } from 'holdfast';
import { AppModule, OrderPlaced, OrderWorker, Payments } from './app.js';

test('an order is charged by the provider that the test puts in its place', async () => {
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Payments)
    .useValue({ charge: () => 'mocked' })
    .compile();
  await module.init();
  const workers = module.get(WorkerApp);
  expect(await workers.execute(OrderPlaced, { orderId: 'o-1' })).toEqual(['mocked, attempt 1']);
  await module.close();
});

test('outside an execution a worker is a plain class', async () => {
  expect(await new OrderWorker(new Payments()).charge('o-2')).toBe('receipt of o-2');
});
