import { UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { memoryStore, type MethodBody, type MethodCall, Step, Worker } from '../../../lib/entries/index.js';
import { Enhancers } from '../../../nest/enhancers/enhancers.js';
import { WorkerModule } from '../../../nest/index.js';

const guard = { canActivate: () => true };

@Worker()
class Orders {
  @Step() async plain(): Promise<void> {}
  @UseGuards(guard) @Step() async guarded(): Promise<void> {}
}

const body: MethodBody = async () => {};

function callOf(instance: Orders, name: 'plain' | 'guarded'): MethodCall {
  const method = Object.getOwnPropertyDescriptor(Orders.prototype, name)?.value as MethodBody;
  return { instance, name, kind: 'step', method, body };
}

test.each([false, true])(
  'a method without enhancers is called itself, globalEnhancers: %s',
  async (globalEnhancers) => {
    const module = await Test.createTestingModule({
      imports: [WorkerModule.forRoot({ store: memoryStore(), globalEnhancers })],
      providers: [Orders],
    }).compile();
    const enhancers = module.get(Enhancers);
    const instance = module.get(Orders);
    expect(enhancers.invokerOf(callOf(instance, 'plain'))).toBe(body);
    expect(enhancers.invokerOf(callOf(instance, 'plain'))).toBe(body);
    const enhanced = enhancers.invokerOf(callOf(instance, 'guarded'));
    expect(enhanced).not.toBe(body);
    // Made once: nothing is wrapped twice.
    expect(enhancers.invokerOf(callOf(instance, 'guarded'))).toBe(enhanced);
    await module.close();
  },
);
