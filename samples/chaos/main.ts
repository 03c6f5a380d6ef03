// node --import @swc-node/register/esm-register samples/chaos/main.ts
import type { WorkerApp } from 'holdfast';
import { crashMatrix } from 'holdfast/testing';
import { RightOrders } from './right-orders.js';
import { Mailer, OrderPlaced, Payments, Shop } from './shop.js';
import { WrongOrders } from './wrong-orders.js';

const event = [OrderPlaced, { orderId: 'order-1', total: 49 }] as const;
const options = {
  /** Called for each run: every crash meets fakes of its own, and they outlive it. */
  providers: () => [Payments, Mailer, Shop].map((type) => ({ provide: type, useValue: new type() })),
  effects: (app: WorkerApp) => ({
    charged: [...app.get(Payments).charges.values()],
    revenue: app.get(Shop).revenue(),
  }),
  repeatable: ['Shop.setSale', 'Shop.revenue'],
};

const wrong = await crashMatrix(WrongOrders, event, options);
console.log(String(wrong));

console.log(
  '\nAs the report says: keys for the bank, a step for the mail, sales set by order, execution().now().\n',
);

const right = await crashMatrix(RightOrders, event, options);
console.log(String(right));
right.assertSafe();
