import { bootstrap, Event, fixed, memoryStore, OnEvent, Retry, silentLogger, Step, Worker } from 'holdfast';
import { IsString } from 'class-validator';

@Event('parcel.sent')
class ParcelSent {
  @IsString() id!: string;
}

const ran: string[] = [];

@Worker()
class ParcelWorker {
  @OnEvent(ParcelSent)
  async ship({ id }: ParcelSent) {
    const [label] = await Promise.all([this.label(id), this.slow(id)]);
    return label;
  }

  @Step()
  @Retry({ maxAttempts: 3, backoff: fixed(1), jitter: 0 })
  async label(id: string) {
    const address = await this.address(id);
    ran.push('label');
    if (ran.filter((name) => name === 'label').length < 3) throw new Error('printer jammed');
    return `label for ${address}`;
  }

  @Step() address(id: string) {
    ran.push('address');
    return `address of ${id}`;
  }

  @Step() async slow(id: string) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return id;
  }
}

test('a step that is tried again while a sibling keeps the pass alive does not run its nested steps again', async () => {
  await using app = await bootstrap({ workers: [ParcelWorker], store: memoryStore(), logger: silentLogger });
  await app.start();
  const published = await app.publish(ParcelSent, { id: 'p1' });
  await expect(published.of(ParcelWorker, 'ship').result()).resolves.toBe('label for address of p1');
  expect(ran).toEqual(['address', 'label', 'label', 'label']);
});
