import { Event } from '../../../lib/decorators/event.js';
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
  class SharedEvent {}
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
  });
  expect(metadataOf(Copied).methods.size).toBe(0);
});
