import {
  defineEvent,
  GraphMismatchError,
  memoryStore,
  OnEvent,
  ParkedError,
  RenamedFrom,
  sleep,
  Step,
  Worker,
} from 'holdfast';
import type { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Placed = defineEvent('deploy.placed', z.object({ n: z.number() }));

const ran: string[] = [];
beforeEach(() => {
  ran.length = 0;
});

function note(line: string): string {
  ran.push(line);
  return line;
}

@Worker('orders')
class Before {
  @OnEvent(Placed)
  async fulfil({ n }: { n: number }): Promise<string> {
    if (n < 0) await sleep('1 hour');
    const receipt = await this.charge(n);
    await sleep('1 hour');
    return this.ship(receipt);
  }

  @Step() charge(n: number): string | Promise<string> {
    return note(`charge ${n}`);
  }

  @Step() ship(receipt: string): string {
    return note(`ship ${receipt}`);
  }
}

/** `charge` has another name, and nothing says so. */
@Worker('orders')
class Renamed {
  @OnEvent(Placed)
  async fulfil({ n }: { n: number }): Promise<string> {
    note('fulfil began anew');
    if (n < 0) await sleep('1 hour');
    const receipt = await this.bill(n);
    await sleep('1 hour');
    return this.ship(receipt);
  }

  @Step() bill(n: number): string | Promise<string> {
    return note(`bill ${n}`);
  }

  @Step() ship(receipt: string): string {
    return note(`ship ${receipt}`);
  }
}

@Worker('orders')
class Mapped {
  @OnEvent(Placed)
  async fulfil({ n }: { n: number }): Promise<string> {
    if (n < 0) await sleep('1 hour');
    const receipt = await this.bill(n);
    await sleep('1 hour');
    return this.ship(receipt);
  }

  @Step()
  @RenamedFrom('charge')
  bill(n: number): string | Promise<string> {
    return note(`bill ${n}`);
  }

  @Step() ship(receipt: string): string {
    return note(`ship ${receipt}`);
  }
}

/** An app on the store whose process ends, so that nobody runs its graph any more. */
async function deployed(worker: typeof Before | typeof Renamed | typeof Mapped, store = memoryStore()) {
  const app = await openApp([worker], { store });
  return { app, store };
}

describe('a step that was renamed with executions in flight', () => {
  test('goes on with what was recorded, where it says its former name', async () => {
    const { app, store } = await deployed(Before);
    const { id } = (await app.publish(Placed, { n: 1 })).of(Before);
    await app.settle();
    await app.close();
    const next = (await deployed(Mapped, store)).app;
    await next.advance('2 hours');
    expect(await next.execution(id).result()).toBe('ship charge 1');
    expect(ran).toEqual(['charge 1', 'ship charge 1']);
  });

  test('parks those who recorded it before any code of theirs runs, and says what to write', async () => {
    const { app, store } = await deployed(Before);
    const recorded = (await app.publish(Placed, { n: 1 })).of(Before).id;
    const before = (await app.publish(Placed, { n: -1 })).of(Before).id;
    await app.settle();
    await app.close();
    const { app: next } = await deployed(Renamed, store);
    await next.settle();
    expect([await next.execution(recorded).status(), await next.execution(before).status()]).toEqual([
      'parked',
      'waiting',
    ]);
    const error: unknown = await next
      .execution(recorded)
      .result()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ParkedError);
    const { cause } = error as { cause: GraphMismatchError };
    expect(cause).toBeInstanceOf(GraphMismatchError);
    expect([cause.code, cause.executions, cause.steps]).toEqual(['GRAPH_MISMATCH', [recorded], ['charge']]);
    expect(cause.message).toBe(
      `execution '${recorded}' of orders.fulfil was recorded by another version of the worker: step 'charge' is gone: ` +
        "write @RenamedFrom('charge') on the step that took its place, or bring 'charge' back. Then resume(). " +
        "'npx holdfast check' tells this before a deploy",
    );
    expect(ran).toEqual(['charge 1']);
    await next.advance('3 hours');
    expect(await next.execution(before).result()).toBe('ship bill -1');
  });

  test('goes on after the former name is deployed and it is resumed', async () => {
    const { app, store } = await deployed(Before);
    const { id } = (await app.publish(Placed, { n: 1 })).of(Before);
    await app.settle();
    await app.close();
    const { app: wrong } = await deployed(Renamed, store);
    await wrong.settle();
    await wrong.execution(id).resume();
    await wrong.settle();
    expect(await wrong.execution(id).status()).toBe('parked');
    await wrong.close();
    const { app: right } = await deployed(Mapped, store);
    await right.execution(id).resume();
    await right.advance('2 hours');
    expect(await right.execution(id).result()).toBe('ship charge 1');
    expect(ran).toEqual(['charge 1', 'ship charge 1']);
  });

  test('is given up by a retry from it', async () => {
    const { app, store } = await deployed(Before);
    const { id } = (await app.publish(Placed, { n: 1 })).of(Before);
    await app.settle();
    await app.close();
    const { app: next } = await deployed(Renamed, store);
    await next.settle();
    await next.execution(id).retry({ from: 'charge' });
    await next.advance('2 hours');
    expect(await next.execution(id).result()).toBe('ship bill 1');
  });

  test('is retried from by its new name, and by its former one', async () => {
    const { app, store } = await deployed(Before);
    const { id } = (await app.publish(Placed, { n: 1 })).of(Before);
    await app.advance('2 hours');
    await app.close();
    const { app: next } = await deployed(Mapped, store);
    for (const from of ['bill', 'charge', 'fulfil/bill']) {
      ran.length = 0;
      await next.execution(id).retry({ from });
      await next.advance('2 hours');
      expect([from, await next.execution(id).result(), ran]).toEqual([
        from,
        'ship bill 1',
        ['bill 1', 'ship bill 1'],
      ]);
    }
  });

  test('may be cancelled while it is parked', async () => {
    const { app, store } = await deployed(Before);
    const { id } = (await app.publish(Placed, { n: 1 })).of(Before);
    await app.settle();
    await app.close();
    const { app: next } = await deployed(Renamed, store);
    await next.settle();
    await next.execution(id).cancel();
    await next.settle();
    expect(await next.execution(id).status()).toBe('cancelled');
  });
});

describe('an old process that lives', () => {
  test('keeps the executions that began with it', async () => {
    const { app, store } = await deployed(Before);
    const { id } = (await app.publish(Placed, { n: 1 })).of(Before);
    const { app: next } = await deployed(Renamed, store);
    await next.settle();
    await app.settle();
    expect(await app.execution(id).status()).toBe('waiting');
    await app.advance('2 hours');
    await next.advance('2 hours');
    expect(await app.execution(id).result()).toBe('ship charge 1');
  });

  test('is handed what it can go on with, and the newer one cannot', async () => {
    const { app, store } = await deployed(Before);
    const { id } = (await app.publish(Placed, { n: 1 })).of(Before);
    await app.settle();
    await app.close();
    const wrong: TestApp = (await deployed(Renamed, store)).app;
    const right: TestApp = (await deployed(Mapped, store)).app;
    await wrong.advance('2 hours');
    await right.advance('2 hours');
    await wrong.settle();
    await right.settle();
    expect(await right.execution(id).result()).toBe('ship charge 1');
    expect(ran).toEqual(['charge 1', 'ship charge 1']);
  });
});
