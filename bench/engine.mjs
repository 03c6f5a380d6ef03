/** W on Holdfast, through its public API alone. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { slowerCommits, slowerMicros } from './slower-commits.mjs';
import { eventOf, stepResult } from './workload.mjs';

/** Where `run.mjs` has built the package. */
export const built = process.env['HOLDFAST_BENCH_BUILD'] ?? '';
/** What an entry of that build exports. */
export const entry = (name) => import(pathToFileURL(join(built, `esm/lib/entries/${name}.js`)).href);
export const holdfast = await entry('index');
const {
  bootstrap,
  Concurrency,
  defineEvent,
  Event,
  memoryStore,
  OnEvent,
  silentLogger,
  sqliteStore,
  Step,
  Worker,
} = holdfast;

/** What a decorator does in TypeScript: this folder is plain JavaScript, so that nothing is transpiled while it is measured. */
export function decorate(type, method, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, method);
  for (const decorator of decorators) decorator(type.prototype, method, descriptor);
  Object.defineProperty(type.prototype, method, descriptor);
}

const orderSchema = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) =>
      typeof value?.id === 'string' &&
      typeof value.orderId === 'number' &&
      typeof value.customer === 'string' &&
      typeof value.total === 'number'
        ? { value }
        : { issues: [{ message: 'is no order' }] },
  },
};
const OrderCreated = defineEvent('order.created', orderSchema);

/** The same by class-validator: validating one event costs about as much as an execution. */
export async function orderClass() {
  const { IsNumber, IsString } = await import('class-validator');
  class OrderPlaced {}
  Event('order.placed')(OrderPlaced);
  for (const name of ['id', 'customer']) IsString()(OrderPlaced.prototype, name);
  for (const name of ['orderId', 'total']) IsNumber()(OrderPlaced.prototype, name);
  return OrderPlaced;
}

function ordersOf(event) {
  class Orders {
    async handle(order) {
      await this.first(order.orderId);
      await this.second(order.orderId);
      return await this.third(order.orderId);
    }
    async first(orderId) {
      return stepResult(orderId, 0);
    }
    async second(orderId) {
      return stepResult(orderId, 1);
    }
    async third(orderId) {
      return stepResult(orderId, 2);
    }
  }
  decorate(Orders, 'handle', OnEvent(event));
  for (const name of ['first', 'second', 'third']) decorate(Orders, name, Step());
  Worker('orders')(Orders);
  return Orders;
}

/** W with its steps declared: each follows the one before by itself. */
function declaredOrdersOf(event) {
  class Orders {
    async handle(order) {
      return order.orderId;
    }
    async first(orderId) {
      return stepResult(orderId, 0);
    }
    async second(result) {
      return stepResult(result.amount, 1);
    }
    async third(result) {
      return stepResult(result.amount, 2);
    }
  }
  decorate(Orders, 'handle', OnEvent(event));
  decorate(Orders, 'first', Step({ after: 'handle' }));
  decorate(Orders, 'second', Step({ after: 'first' }));
  decorate(Orders, 'third', Step({ after: 'second' }));
  Worker('orders')(Orders);
  return Orders;
}

/** A fan-out over as many items as the event's total says. */
function fanOutOf(event) {
  class Orders {
    async handle(order) {
      return Array.from({ length: order.total }, (_, at) => at);
    }
    async item(at) {
      return stepResult(at, 0);
    }
  }
  decorate(Orders, 'handle', OnEvent(event));
  decorate(Orders, 'item', Step({ after: 'handle', each: { of: (list) => list, concurrency: 100 } }));
  Worker('orders')(Orders);
  return Orders;
}

/** At most five orders of a customer at a time; each takes a few milliseconds. */
function limitedOrdersOf(event) {
  class Orders {
    async handle() {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  decorate(Orders, 'handle', OnEvent(event));
  decorate(Orders, 'handle', Concurrency({ limit: 5, key: 'customer' }));
  Worker('orders')(Orders);
  return Orders;
}

const forms = {
  inline: ordersOf,
  declared: declaredOrdersOf,
  'fan-out': fanOutOf,
  limited: limitedOrdersOf,
};

export function memoryStoreOf(options) {
  return memoryStore(options);
}

export function sqliteStoreIn(folder, synchronous) {
  const slower = slowerMicros > 0 ? { driver: slowerCommits(DatabaseSync) } : null;
  return sqliteStore({ path: join(folder, 'holdfast.db'), synchronous, ...slower });
}

/** An app on that store with default options but `concurrency` and `options`; `start` is left to the caller. */
export async function engineOn(
  store,
  concurrency,
  { event = OrderCreated, form = 'inline', options = {} } = {},
) {
  const Orders = forms[form](event);
  const app = await bootstrap({ workers: [Orders], store, concurrency, logger: silentLogger, ...options });
  return {
    app,
    durability: store.durability,
    publish: (data) => app.publish(event, data),
    one: async (i) => (await app.publish(event, eventOf(i))).of(Orders, 'handle').result(),
    publishMany: (count, change = {}, given = {}) =>
      app.publishMany(Array.from({ length: count }, (_, i) => [event, { ...eventOf(i), ...change }, given])),
    close: () => app.close(),
  };
}
