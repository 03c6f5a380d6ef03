// node --import @swc-node/register/esm-register samples/order-worker/main.ts
import { bootstrap, InvalidEventError, memoryStore, silentLogger } from 'holdfast';
import { OrderPlaced, OrderWorker } from './order-worker.js';
import { CardDeclined } from './providers.js';

// Without `store`, executions live in SQLite in ./.holdfast and survive this process.
await using app = await bootstrap({
  workers: [OrderWorker],
  store: memoryStore(),
  logger: silentLogger,
  types: [CardDeclined],
});
await app.start();

const order = { orderId: '7f0c2c1e-6f0a-4c1e-9b51-0d6c1d3f5a10', email: 'ada@example.com', total: 49 };
const published = await app.publish(OrderPlaced, order, { id: order.orderId }); // resolves once it is safely stored
const fulfilment = published.of(OrderWorker, 'fulfil');

console.log('result:', await fulfilment.result()); // typed: a Receipt
for (const step of await fulfilment.steps())
  console.log(`${step.path}: ${step.status}, attempt ${step.attempt}`);

const again = await app.publish(OrderPlaced, order, { id: order.orderId });
console.log('published again, same execution:', again.of(OrderWorker, 'fulfil').id === fulfilment.id);

const costly = { ...order, orderId: 'c1b7a2de-5d53-4f2b-8a86-3f1f6f5b9a77', total: 5_000 };
await app.execute(OrderPlaced, costly).catch((error: unknown) => {
  console.log('declined at once:', error instanceof CardDeclined); // `types` lets it keep its class
});

await app.publish(OrderPlaced, { ...order, total: -1 }).catch((error: unknown) => {
  if (error instanceof InvalidEventError) console.log('refused:', error.violations);
});
