// npx jest samples/nest-shop
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { NonRetryableError } from 'holdfast';
import { WorkerTestingModule } from 'holdfast/nest/testing';
import { TestApp } from 'holdfast/testing';
import { AppModule } from './app.module.js';
import { Mailer } from './mailer.js';
import { Payments } from './payments.js';
import { openShopDatabase, ShopDatabase } from './shop-database.js';

const ada = { id: '7f0c2c1e-6f0a-4c1e-9b51-0d6c1d3f5a10', email: 'ada@example.com', total: 49 };

describe('the shop, with a mocked bank and mail service', () => {
  const charge = jest.fn<Promise<string>, [orderId: string, total: number, key: string]>();
  const send = jest.fn<Promise<void>, [to: string, text: string]>();
  let nest: INestApplication;
  let workers: TestApp;
  let url: string;

  beforeEach(async () => {
    charge.mockReset().mockResolvedValue('receipt-1');
    send.mockReset().mockResolvedValue();
    const module = await Test.createTestingModule({ imports: [WorkerTestingModule.forRoot(), AppModule] })
      .overrideProvider(Payments)
      .useValue({ charge })
      .overrideProvider(Mailer)
      .useValue({ send })
      .overrideProvider(ShopDatabase)
      .useValue(openShopDatabase(':memory:'))
      .compile();
    nest = module.createNestApplication({ logger: false });
    await nest.listen(0, '127.0.0.1');
    url = await nest.getUrl();
    workers = module.get(TestApp);
  });

  afterEach(() => nest.close());

  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  const statusOf = async (id: string): Promise<unknown> =>
    ((await (await fetch(`${url}/orders/${id}`)).json()) as { status?: string }).status;

  it('charges an order once, waits for the warehouse, and tells the customer', async () => {
    expect((await post('/orders', ada)).status).toBe(202);
    expect((await post('/orders', ada)).status).toBe(202);
    await workers.settle();
    expect([charge.mock.calls.length, await statusOf(ada.id)]).toEqual([1, 'paid']);

    await workers.advance('2 days');
    await post(`/orders/${ada.id}/shipped`, { tracking: 'JD0002' });
    await workers.settle();
    expect(await statusOf(ada.id)).toBe('shipped');
    expect(send.mock.calls).toEqual([['ada@example.com', 'Your order is on its way: JD0002']]);
  });

  it('tries a busy bank again, under the same key', async () => {
    charge.mockRejectedValueOnce(new Error('503'));
    await post('/orders', ada);
    await workers.advance('1 minute');
    expect(await statusOf(ada.id)).toBe('paid');
    const keys = charge.mock.calls.map(([, , key]) => key);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  it('does not insist on a card without credit', async () => {
    charge.mockRejectedValue(new NonRetryableError('no credit'));
    await post('/orders', ada);
    await workers.settle();
    expect([charge.mock.calls.length, await statusOf(ada.id)]).toEqual([1, 'declined']);
    expect(send.mock.calls[0]?.[1]).toContain('no credit');
  });

  it('apologises when the warehouse is silent for three days', async () => {
    await post('/orders', ada);
    await workers.advance('3 days');
    expect(await statusOf(ada.id)).toBe('late');
    expect(send.mock.calls[0]?.[1]).toBe('Your order is late. We are sorry.');
  });

  it('goes on after a crash without charging again', async () => {
    await post('/orders', ada);
    await workers.settle();
    await workers.crash();
    await workers.restart();
    await post(`/orders/${ada.id}/shipped`, { tracking: 'JD0002' });
    await workers.settle();
    expect([charge.mock.calls.length, await statusOf(ada.id)]).toEqual([1, 'shipped']);
  });

  it('tells what is wrong with an order, by field', async () => {
    const answer = await post('/orders', { email: 'nobody', total: 0 });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { violations: [{ path: 'email' }, { path: 'total' }] },
    ]);
  });

  it('tells a probe that it is ready', async () => {
    const answer = await fetch(`${url}/health/ready`);
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { workers: { status: 'up', handlers: 1 } },
    ]);
  });
});
