import 'reflect-metadata';
import { IsString } from 'class-validator';
import {
  Compensate,
  Event,
  OnEvent,
  race,
  Retry,
  run,
  sleep,
  Step,
  Worker,
} from '../../lib/entries/index.js';
import { TestApp } from '../../lib/entries/testing.js';

@Event('asked')
class Asked {
  @IsString() id!: string;
}

@Event('booked')
class Booked {
  @IsString() id!: string;
}

let undo: Promise<void>;
let undone: () => void = () => {};
let again = false;

@Worker('booking')
class Booking {
  @OnEvent(Booked)
  async book({ id }: Booked): Promise<string> {
    await this.reserve();
    await sleep('1h');
    return `${id}!`;
  }

  @Step() async reserve(): Promise<number> {
    return 1;
  }

  @Compensate('reserve') async release(): Promise<void> {
    await undo;
  }
}

@Worker('asking')
class Asking {
  @OnEvent(Asked)
  async ask({ id }: Asked): Promise<unknown> {
    const first = await race({
      child: () => run(Booking, 'book', { id }),
      quick: async () => {
        await sleep('1s');
        await this.quick();
        if (again) await sleep('1 day');
      },
    });
    await this.parks();
    return [first.winner, first.value];
  }

  @Step() async quick(): Promise<void> {}

  @Step()
  @Retry({ maxAttempts: 1, onExhausted: 'park' })
  async parks(): Promise<void> {
    if (!again) throw new Error('not yet');
  }
}

it('a child that is still being undone when its parent is retried is not waited for in vain', async () => {
  undo = new Promise((resolve) => {
    undone = resolve;
  });
  await using app = await TestApp.create({ workers: [Asking, Booking] });
  const handle = (await app.publish(Asked, { id: 'o' })).of(Asking, 'ask');
  await app.advance('2s');
  expect(await handle.status()).toBe('parked');
  again = true;
  const steps = await handle.steps();
  await handle.retry({ from: steps.find(({ path }) => path.endsWith('quick'))?.path ?? '' });
  await app.advance('1s').catch(() => {});
  undone();
  await app.advance('3h');
  expect(await handle.status()).toBe('completed');
  expect(await handle.result()).toEqual(['child', 'o!']);
});
