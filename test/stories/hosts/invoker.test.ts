import {
  defineEvent,
  execution,
  type InstanceResolver,
  memoryStore,
  type MethodBody,
  type MethodCall,
  OnEvent,
  Retry,
  Step,
  Worker,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ id: z.string() }));

@Worker('orders')
class Orders {
  charges = 0;

  @OnEvent(Placed)
  async fulfil({ id }: { id: string }): Promise<string> {
    const receipt = await this.charge(id, 5);
    return this.tell(receipt);
  }

  @Step()
  @Retry({ maxAttempts: 2 })
  async charge(id: string, amount: number): Promise<string> {
    if (++this.charges === 1) throw new Error('the bank is closed');
    return `${id}:${amount}`;
  }

  @Step()
  tell(receipt: string): string {
    return `told ${receipt}`;
  }

  @Step({ after: 'fulfil' })
  file(told: string): string {
    return `filed ${told}`;
  }
}

/** A host that owns its instance, and says what is called in the place of each method. */
function hostOf(instance: object, invokerOf: (call: MethodCall) => MethodBody): InstanceResolver {
  return { resolve: () => instance, invokerOf };
}

test('a host is asked for what to call at each attempt of handlers and steps, called or declared', async () => {
  const asked: string[] = [];
  const resolver = hostOf(new Orders(), ({ name, kind, method, body }) => {
    asked.push(`${kind} ${name}`);
    expect(method).toBe(Orders.prototype[name as keyof Orders]);
    return body;
  });
  await using app = await TestApp.create({ workers: [Orders], store: memoryStore(), resolver });
  const published = await app.publish(Placed, { id: 'o-1' });
  await app.advance('1 minute');
  expect(await published.of(Orders, 'fulfil').result()).toBe('told o-1:5');
  expect(asked).toEqual([
    'handler fulfil',
    'step charge',
    // It resumed when the retry was due: its own code is repeated, what is recorded is not.
    'handler fulfil',
    'step charge',
    'step tell',
    'step file',
  ]);
});

test('what a host calls instead has the receiver, the arguments and the execution of the body', async () => {
  const seen: unknown[] = [];
  const worker = new Orders();
  const resolver = hostOf(
    worker,
    ({ name, body }) =>
      function (this: object, ...args: never[]) {
        seen.push([this === worker, name, execution().step, args.length]);
        return body.apply(this, args);
      },
  );
  await using app = await TestApp.create({ workers: [Orders], store: memoryStore(), resolver });
  await app.publish(Placed, { id: 'o-1' });
  await app.advance('1 minute');
  expect(seen).toEqual([
    [true, 'fulfil', null, 2],
    [true, 'charge', 'fulfil/charge', 2],
    [true, 'fulfil', null, 2],
    [true, 'charge', 'fulfil/charge', 2],
    [true, 'tell', 'fulfil/tell', 1],
    [true, 'file', 'fulfil/file', 1],
  ]);
});

test('a body that the host leaves alone is the very function that is called', async () => {
  const bodies: (readonly [string, MethodBody, MethodBody])[] = [];
  const resolver = hostOf(new Orders(), ({ name, method, body }) => {
    bodies.push([name, method, body]);
    return body;
  });
  await using app = await TestApp.create({ workers: [Orders], store: memoryStore(), resolver });
  await app.publish(Placed, { id: 'o-1' });
  await app.settle();
  const [handler, step] = bodies;
  const { fulfil, charge } = Object.getOwnPropertyDescriptors(Orders.prototype);
  expect(handler?.[2]).toBe(fulfil.value);
  expect(step?.[1]).toBe(charge.value);
  expect(step?.[2].name).toBe('charge');
});
