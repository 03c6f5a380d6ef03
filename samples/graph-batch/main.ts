// node --import @swc-node/register/esm-register samples/graph-batch/main.ts
import { setTimeout as pause } from 'node:timers/promises';
import {
  bootstrap,
  defineEvent,
  type EventData,
  fixed,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const AlbumUploaded = defineEvent(
  'album.uploaded',
  z.object({ album: z.string(), photos: z.array(z.string()) }),
);
type AlbumUploaded = EventData<typeof AlbumUploaded>;

class Resizer {
  readonly calls = new Map<string, number>();
  readonly broken = new Set<string>();
  running = 0;
  most = 0;

  async resize(photo: string): Promise<string> {
    this.calls.set(photo, (this.calls.get(photo) ?? 0) + 1);
    this.most = Math.max(this.most, ++this.running);
    await pause(5);
    this.running--;
    if (this.broken.has(photo)) throw new Error(`${photo} is no picture`);
    return `small-${photo}`;
  }
}

@Worker('albums')
class AlbumWorker {
  constructor(private readonly resizer: Resizer) {}

  @OnEvent(AlbumUploaded)
  open(uploaded: AlbumUploaded): AlbumUploaded {
    return uploaded;
  }

  /** Once for each photo, 4 at a time. Each has its checkpoint, its attempts and its idempotency key. */
  @Step({ after: 'open', each: { of: ({ photos }: AlbumUploaded) => photos, concurrency: 4 } })
  @Retry({ maxAttempts: 2, backoff: fixed('10ms') })
  async resize(photo: string): Promise<string> {
    return this.resizer.resize(photo);
  }

  /** What comes after a fan-out receives the list of results, in the order of the items. */
  @Step({ after: ['open', 'resize'] })
  publish({ album }: AlbumUploaded, photos: string[]): string {
    return `${album}: ${photos.length} photos${photos.length === 0 ? '' : `, the last ${photos.at(-1)}`}`;
  }
}

const resizer = new Resizer();
await using app = await bootstrap({
  workers: [AlbumWorker],
  providers: [{ provide: Resizer, useValue: resizer }],
  store: memoryStore(),
  logger: silentLogger,
});
await app.start();

const photos = Array.from({ length: 20 }, (_, n) => `photo-${n + 1}`);
resizer.broken.add('photo-7');

const album = (await app.publish(AlbumUploaded, { album: 'Lisbon', photos })).of(AlbumWorker, 'open');
const outcome = await album.outcome();
console.log('failed:', !outcome.success && outcome.error.message);
console.log(
  'resized all the same:',
  (await album.steps()).filter(({ status }) => status === 'completed').length,
);
console.log('at a time:', resizer.most);

resizer.broken.clear(); // somebody mends the picture
await album.retry();
await album.result();
console.log((await album.steps()).at(-1)?.value);
const again = [...resizer.calls]
  .filter(([, calls]) => calls > 1)
  .map(([photo, calls]) => `${photo} ${calls}×`);
console.log('resized more than once:', again.join(', '));

const empty = (await app.publish(AlbumUploaded, { album: 'Nothing', photos: [] })).of(AlbumWorker, 'open');
await empty.result();
console.log((await empty.steps()).at(-1)?.value);

const many = Array.from({ length: 5_001 }, (_, n) => `${n}`);
const tooMany = (await app.publish(AlbumUploaded, { album: 'All', photos: many })).of(AlbumWorker, 'open');
console.log(await tooMany.result().catch((error: Error) => `${error.name}: ${error.message}`));
