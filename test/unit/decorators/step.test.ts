import { execution, step } from '../../../lib/decorators/durable-functions.js';
import { Step } from '../../../lib/decorators/step.js';
import { metadataOf } from '../../../lib/metadata/metadata-store.js';
import { type CurrentExecution, shared, type StepCall } from '../../../lib/ports/current-execution.js';

const calls: unknown[][] = [];

function Noted(target: object, key: string, descriptor: PropertyDescriptor): void {
  Reflect.defineMetadata('noted', key, descriptor.value);
  Object.assign(descriptor.value, { extra: 1 });
}

class Payments {
  readonly rate = 2;

  @Step()
  @Noted
  charge(orderId: string, total: number): number {
    calls.push([this.rate, orderId, total]);
    return total * this.rate;
  }

  @Step()
  fail(): never {
    throw new Error('declined');
  }

  @Step()
  many(...values: number[]): number[] {
    return values;
  }
}

function executionThat(step: (call: StepCall) => Promise<unknown>): CurrentExecution {
  const refuse = (): never => {
    throw new Error('not asked for');
  };
  return {
    context: null,
    app: {},
    step,
    inline: refuse,
    sleep: refuse,
    waitFor: refuse,
    race: refuse,
    run: refuse,
    continueAsNew: refuse,
    publish: refuse,
    state: refuse,
  };
}

beforeEach(() => {
  calls.length = 0;
});

describe('a step called outside an execution', () => {
  it('is the plain method: receiver, arguments, value and error', () => {
    expect(new Payments().charge('o-1', 5)).toBe(10);
    expect(calls).toEqual([[2, 'o-1', 5]]);
    expect(() => new Payments().fail()).toThrow('declined');
    expect(new Payments().many(1, 2, 3)).toEqual([1, 2, 3]);
  });

  it('has ids and keys that no other call has, nested calls included', async () => {
    const drawn: unknown[] = [];
    const draw = (): void => {
      const current = execution();
      drawn.push(current.idempotencyKey, current.uuid(), current.uuid(), current.random());
    };
    class Till {
      @Step()
      async pay(): Promise<void> {
        draw();
        await this.charge();
        await this.charge();
        await step('receipt', draw);
      }

      @Step()
      async charge(): Promise<void> {
        draw();
      }
    }
    await new Till().pay();
    await new Till().pay();
    expect(new Set(drawn).size).toBe(2 * 4 * 4);
  });

  it('is told to those who listen for detached steps, who may refuse it', () => {
    const payments = new Payments();
    const heard: unknown[] = [];
    const listener = (receiver: object, step: string): void => {
      heard.push([receiver, step]);
      throw new Error('strict');
    };
    shared().detached.add(listener);
    try {
      expect(() => payments.charge('o-1', 5)).toThrow('strict');
    } finally {
      shared().detached.delete(listener);
    }
    expect(heard).toEqual([[payments, 'charge']]);
    expect(calls).toEqual([]);
  });
});

describe('a step called inside an execution', () => {
  it('hands the call over and runs nothing itself', async () => {
    const payments = new Payments();
    const seen: StepCall[] = [];
    const current = executionThat((call) => {
      seen.push(call);
      return Promise.resolve('stored');
    });
    const value: unknown = await Promise.resolve(
      shared().storage.run(current, () => payments.charge('o-1', 5)),
    );
    expect(value).toBe('stored');
    expect(calls).toEqual([]);
    expect(seen).toEqual([
      {
        receiver: payments,
        name: 'charge',
        args: ['o-1', 5],
        body: expect.any(Function),
        method: expect.any(Function),
      },
    ]);
    expect(Array.isArray(seen[0]?.args)).toBe(true);
    expect(Reflect.apply(seen[0]?.body as () => unknown, payments, ['o-2', 1])).toBe(2);
  });
});

it('a step keeps name, length and what other decorators wrote on the method', () => {
  const charge: unknown = Reflect.get(Payments.prototype, 'charge');
  if (typeof charge !== 'function') throw new Error('no method');
  expect([charge.name, charge.length]).toEqual(['charge', 2]);
  expect(Reflect.getMetadata('noted', charge)).toBe('charge');
  expect(Reflect.get(charge, 'extra')).toBe(1);
  expect(Object.getOwnPropertyDescriptor(Payments.prototype, 'charge')).toMatchObject({
    enumerable: false,
    writable: true,
  });
});

it('a step is on record with its options', () => {
  expect(metadataOf(Payments).methods.get('charge')?.step).toEqual({
    key: null,
    atMostOnce: false,
    description: null,
    after: null,
    join: null,
    when: null,
    each: null,
  });
});
