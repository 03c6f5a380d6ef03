// npx jest samples/testing-a-worker
import { TestApp } from 'holdfast/testing';
import { OrderPlaced, OrderWorker } from '../order-worker/order-worker.js';
import { CardDeclined, Mailer, Payments } from '../order-worker/providers.js';

const order = { orderId: '7f0c2c1e-6f0a-4c1e-9b51-0d6c1d3f5a10', email: 'ada@example.com', total: 49 };
const receipt = { id: 'receipt-1', total: 49 };

describe('a step by itself', () => {
  it('is a plain method: no framework, no database', async () => {
    const mailer = { send: jest.fn(async () => {}) };
    const worker = new OrderWorker(new Payments(), mailer);
    await worker.confirm('ada@example.com', receipt);
    expect(mailer.send).toHaveBeenCalledWith('ada@example.com', 'Paid 49, receipt receipt-1');
  });
});

describe('the worker in the production engine, on virtual time', () => {
  const charge = jest.fn<Promise<typeof receipt>, [string, number, string]>();
  const send = jest.fn<Promise<void>, [string, string]>();
  let app: TestApp;

  beforeEach(async () => {
    charge.mockReset().mockResolvedValue(receipt);
    send.mockReset().mockResolvedValue();
    app = await TestApp.create({
      workers: [OrderWorker],
      providers: [
        { provide: Payments, useValue: { charge } },
        { provide: Mailer, useValue: { send } },
      ],
      types: [CardDeclined],
    });
  });

  afterEach(() => app.close());

  it('charges at once, and confirms after its sleep', async () => {
    const published = await app.publish(OrderPlaced, order);
    await app.settle();
    expect(charge).toHaveBeenCalledTimes(1);
    expect(send).not.toHaveBeenCalled();

    await app.advance('1 second');
    await expect(published.of(OrderWorker, 'fulfil').result()).resolves.toEqual(receipt);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('retries a busy provider under the same idempotency key', async () => {
    charge.mockRejectedValueOnce(new Error('503'));
    const published = await app.publish(OrderPlaced, order);
    await app.advance('10 seconds');
    await expect(published.of(OrderWorker, 'fulfil').result()).resolves.toEqual(receipt);
    const keys = charge.mock.calls.map(([, , idempotencyKey]) => idempotencyKey);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('does not insist when the card is declined', async () => {
    charge.mockRejectedValue(new CardDeclined('stolen'));
    const published = await app.publish(OrderPlaced, order);
    await app.advance('1 minute');
    await expect(published.of(OrderWorker, 'fulfil').result()).rejects.toThrow(CardDeclined);
    expect(charge).toHaveBeenCalledTimes(1);
  });

  it('does not charge again after a crash', async () => {
    const published = await app.publish(OrderPlaced, order);
    await app.settle();
    await app.crash();
    await app.restart();
    await app.advance('1 minute');
    await expect(published.of(OrderWorker, 'fulfil').result()).resolves.toEqual(receipt);
    expect(charge).toHaveBeenCalledTimes(1);
    expect(send).toHaveBeenCalledTimes(1);
  });
});
