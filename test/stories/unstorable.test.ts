import { IsArray } from 'class-validator';
import {
  defineEvent,
  Event,
  OnEvent,
  Step,
  UnstorableArgumentsError,
  UnstorableResultError,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ kind: z.string() }));

const socket = (): void => {};

@Worker('orders')
class OrderWorker {
  @OnEvent(Start)
  async fulfil({ kind }: { kind: string }): Promise<unknown> {
    if (kind === 'handler') return { socket };
    if (kind === 'key') return this.keyed(1);
    if (kind === 'throwing key') return this.keyed(0);
    return kind === 'result' ? this.outer() : this.ship('a', 2, { box: { socket } });
  }

  @Step()
  async outer(): Promise<unknown> {
    return this.inner();
  }

  @Step()
  async inner(): Promise<unknown> {
    return { body: { socket } };
  }

  @Step()
  async ship(...parts: readonly unknown[]): Promise<number> {
    return parts.length;
  }

  @Step({
    key: (n: number) => {
      if (n === 0) throw new Error('no number');
      return { socket };
    },
  })
  async keyed(n: number): Promise<number> {
    return n;
  }
}

test.each([
  [
    'arguments',
    "a call of step 'orders.ship' cannot be named by its arguments: in argument 3, box.socket is a function, which cannot be stored. Give plain data. Or write @Step({ key: (…) => something plain })",
  ],
  [
    'key',
    "a call of step 'orders.keyed' cannot be named by its key: socket is a function, which cannot be stored. Give plain data. Return plain data from the key function",
  ],
  [
    'throwing key',
    "a call of step 'orders.keyed' cannot be named by its key: no number. Return plain data from the key function",
  ],
])('of a call whose %s cannot be stored, the error names worker, step and place', async (kind, message) => {
  const app = await openApp([OrderWorker]);
  const handle = (await app.publish(Start, { kind })).of(OrderWorker);
  const error = await handle.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnstorableArgumentsError);
  expect(error).toMatchObject({ message, category: 'validation', retryable: false });
});

test.each([
  [
    'result',
    "the result of 'fulfil/outer/inner' of worker 'orders' cannot be stored: body.socket is a function, which cannot be stored. Give plain data",
  ],
  [
    'handler',
    "the result of 'fulfil' of worker 'orders' cannot be stored: socket is a function, which cannot be stored. Give plain data",
  ],
])('of a %s that cannot be stored, the error names the worker and the step', async (kind, message) => {
  const app = await openApp([OrderWorker]);
  const handle = (await app.publish(Start, { kind })).of(OrderWorker);
  const error = await handle.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnstorableResultError);
  expect(error).toMatchObject({ message, worker: 'orders', severity: 'high' });
});

const Loose = defineEvent('loose', z.any());

@Event('order-noted')
class OrderNoted {
  @IsArray()
  lines!: unknown[];
}

class Unknown {}

/** Data that leads back to itself. */
function cyclic(): { readonly lines: { o?: unknown }[] } {
  const order = { lines: [{ o: undefined as unknown }] };
  for (const line of order.lines) line.o = order;
  return order;
}

describe('violations of an event that cannot be stored tell where in it', () => {
  const cycle = 'refers to what contains it (a cycle), which cannot be stored. Give plain data';

  it.each<[string, unknown, string, string]>([
    ['a function', { a: { cb: socket } }, 'a.cb', 'is a function, which cannot be stored. Give plain data'],
    ['an instance', { a: [new Unknown()] }, 'a.0', 'is an instance of Unknown, which cannot be stored. List'],
    ['a cycle', cyclic(), 'lines.0.o', cycle],
    ['a function alone', socket, '', 'is a function, which cannot be stored. Give plain data'],
  ])('%s', async (_, data, path, message) => {
    const app = await openApp([OrderWorker]);
    const refused = app.publish(Loose, data);
    await expect(refused).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      violations: [{ path, message: expect.stringContaining(message) as string }],
    });
    await expect(refused).rejects.toThrow(`  - ${path === '' ? '(root)' : path}: ${message}`);
  });

  it('a cycle of an instance of its class', async () => {
    const app = await openApp([OrderWorker]);
    const noted = new OrderNoted();
    noted.lines = [{ o: noted }];
    const refused = app.publish(noted);
    await expect(refused).rejects.toMatchObject({ violations: [{ path: 'lines.0.o', message: cycle }] });
  });
});
