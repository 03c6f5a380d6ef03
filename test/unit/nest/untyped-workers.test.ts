import { Inject as NestInject, Injectable, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  bootstrap,
  Inject,
  memoryStore,
  OnEvent,
  silentLogger,
  Worker,
  WorkerApp,
} from '../../../lib/entries/index.js';
import { WorkerModule } from '../../../nest/index.js';
import { begin, mistakesOf, Ping, ping } from './pings.js';

@Injectable()
class Payments {
  charge(id: string): string {
    return `charged ${id}`;
  }
}

type Parameter = (target: object, property: undefined, index: number) => void;

interface Shape {
  readonly parameters?: readonly Parameter[];
  readonly inject?: readonly Type<object>[];
}

/** A worker as a build makes it that emits no constructor types: its decorators are called, and nothing else. */
function untyped({ parameters = [], inject }: Shape = {}): Type<object> {
  class Charges {
    constructor(private readonly payments: Payments) {}
    answer({ id }: { id: string }): string {
      return this.payments.charge(id);
    }
  }
  const method = Object.getOwnPropertyDescriptor(Charges.prototype, 'answer');
  (OnEvent(Ping) as MethodDecorator)(Charges.prototype, 'answer', method ?? {});
  parameters.forEach((decorate, index) => decorate(Charges, undefined, index));
  Worker({ id: 'charges', ...(inject === undefined ? null : { inject }) })(Charges);
  return Charges as Type<object>;
}

const found =
  'its type is unknown: the build emits no constructor types (tsx and esbuild never do), or the class has no decorator';

describe('a worker of a build without constructor types', () => {
  it('is refused as bootstrap() refuses it', async () => {
    const worker = untyped();
    const nest = begin({ providers: [worker, Payments] });
    const own = bootstrap({ workers: [worker], store: memoryStore(), logger: silentLogger });
    const [ofNest, ofBootstrap] = await Promise.all([nest, own].map((made) => made.catch((error) => error)));
    expect(ofNest).toMatchObject({
      code: 'DEFINITION_INVALID',
      mistakes: [
        {
          class: 'Charges',
          member: 'parameter 0',
          found,
          write: expect.stringContaining('emitDecoratorMetadata'),
        },
      ],
    });
    expect(ofNest.mistakes).toEqual(ofBootstrap.mistakes);
  });

  it('is refused where a class extends it, where useClass names it, and in forFeature()', async () => {
    const expected = [['Charges', 'parameter 0', found]];
    const worker = untyped();
    class Sub extends worker {}
    Worker('sub')(Sub);
    expect(await mistakesOf({ providers: [Sub, Payments] })).toEqual([['Sub', 'parameter 0', found]]);
    expect(await mistakesOf({ providers: [{ provide: 'charges', useClass: worker }, Payments] })).toEqual(
      expected,
    );
    @Module({ imports: [WorkerModule.forFeature([worker])], providers: [Payments] })
    class Feature {}
    await expect(begin({ imports: [Feature] })).rejects.toMatchObject({
      mistakes: [{ class: 'Charges', member: 'parameter 0', found }],
    });
  });

  it.each<[string, Shape]>([
    ["Nest's @Inject on it", { parameters: [NestInject(Payments) as Parameter] }],
    ['our @Inject on it', { parameters: [Inject(Payments)] }],
    ['inject of @Worker', { inject: [Payments] }],
  ])('runs with %s', async (_, shape) => {
    const module = await begin({ providers: [untyped(shape), Payments] });
    expect(await ping(module.get(WorkerApp))).toEqual(['charged 1']);
    await module.close();
  });

  it('runs when a factory makes it, when it is a value, and when a test overrides it', async () => {
    const worker = untyped();
    const make = (): object => Reflect.construct(worker, [new Payments()]) as object;
    for (const provider of [
      { provide: worker, useFactory: make },
      { provide: worker, useValue: make() },
    ]) {
      const module = await begin({ providers: [provider, Payments] });
      expect(await ping(module.get(WorkerApp))).toEqual(['charged 1']);
      await module.close();
    }
    const module = await Test.createTestingModule({
      imports: [WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger })],
      providers: [worker],
    })
      .overrideProvider(worker)
      .useValue(make())
      .compile();
    await module.init();
    expect(await ping(module.get(WorkerApp))).toEqual(['charged 1']);
    await module.close();
  });
});
