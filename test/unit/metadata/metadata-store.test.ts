import { Event } from '../../../lib/decorators/event.js';
import { Compensate } from '../../../lib/decorators/compensate.js';
import { Concurrency } from '../../../lib/decorators/concurrency.js';
import { RateLimit } from '../../../lib/decorators/rate-limit.js';
import { RenamedFrom } from '../../../lib/decorators/renamed-from.js';
import { Step } from '../../../lib/decorators/step.js';
import { Storable } from '../../../lib/decorators/storable.js';
import { Worker } from '../../../lib/decorators/worker.js';
import {
  eventMetadataOf,
  findOwnMetadata,
  metadataOf,
  storableClasses,
} from '../../../lib/metadata/metadata-store.js';

it('a copy of the package reads what another copy wrote', () => {
  @Event('shared', { correlate: 'id', keep: '7d' })
  class SharedEvent {
    id!: string;
  }
  jest.isolateModules(() => {
    const copy = jest.requireActual<typeof import('../../../lib/metadata/metadata-store.js')>(
      '../../../lib/metadata/metadata-store.js',
    );
    expect(copy.eventMetadataOf).not.toBe(eventMetadataOf);
    expect(copy.eventMetadataOf(SharedEvent)).toEqual({ name: 'shared', correlate: 'id', keep: '7d' });
  });
});

it('an event, a worker and a stored name belong to the class itself, never to its subclasses', () => {
  @Event('base')
  @Worker('base')
  @Storable('base')
  class Base {}
  class Sub extends Base {}
  expect(metadataOf(Base)).toMatchObject({
    event: { name: 'base' },
    worker: { id: 'base' },
    storable: 'base',
  });
  expect(metadataOf(Sub)).toMatchObject({ event: null, worker: null, storable: null });
  expect(eventMetadataOf(Sub)).toBeNull();
  expect(findOwnMetadata(Sub)).toBeNull();
});

it('a storable class is found by its name, and the class loaded last has it', () => {
  @Storable('money')
  class Old {}
  expect(storableClasses().get('money')).toBe(Old);
  @Storable('money')
  class Money {}
  expect(storableClasses().get('money')).toBe(Money);
  expect(storableClasses().get('constructor')).toBeUndefined();
});

it('reading hands out copies', () => {
  @Worker('copy')
  class Copied {}
  metadataOf(Copied).methods.set('x', {
    subscriptions: [],
    step: null,
    retry: null,
    timeout: null,
    concurrency: null,
    rateLimit: null,
    compensates: null,
    renamedFrom: [],
    every: null,
    actorRole: null,
    debounce: null,
  });
  expect(metadataOf(Copied).methods.size).toBe(0);
});

it('each part of a method is inherited until a subclass decorates it anew', () => {
  @Concurrency(3)
  @RateLimit({ limit: 1, per: '1s' })
  class Base {
    @Step()
    @Concurrency(5)
    @RenamedFrom('old')
    charge(): number {
      return 1;
    }

    @Compensate('charge')
    @RateLimit({ limit: 2, per: '2s' })
    refund(): void {}
  }
  @Concurrency(4)
  class Sub extends Base {
    @Step()
    @RenamedFrom('older')
    override charge(): number {
      return 2;
    }
  }
  const { methods, concurrency, rateLimit } = metadataOf(Sub);
  expect({ concurrency, rateLimit }).toEqual({ concurrency: 4, rateLimit: { limit: 1, per: '1s' } });
  expect(methods.get('charge')).toMatchObject({ concurrency: 5, renamedFrom: ['older'] });
  expect(methods.get('refund')).toMatchObject({
    compensates: 'charge',
    rateLimit: { limit: 2, per: '2s' },
  });
  expect(metadataOf(Base).methods.get('charge')?.renamedFrom).toEqual(['old']);
});
