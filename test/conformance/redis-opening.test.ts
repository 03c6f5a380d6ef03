import { redisStore } from 'holdfast/redis';
import { Redis } from 'ioredis';
import { systemClock } from '../../lib/adapters/system/system-clock.js';
import { StoreUnavailableError } from '../../lib/entries/index.js';
import { freePort } from '../servers/free-port.js';
import { describeRedisServers, startRedis } from '../servers/redis-server.js';

const context = { clock: systemClock, random: { next: () => 0.5 }, warn: () => undefined };

describeRedisServers('opening a Redis store by its url names where, why and what to look at', () => {
  test('when nobody listens there', async () => {
    const port = await freePort();
    const error = await refused(`redis://shop:s3cret@127.0.0.1:${port}/2`);
    expect(error.message).toBe(
      `the Redis store could not be opened: 127.0.0.1:${port} said: connect ECONNREFUSED 127.0.0.1:${port}. ` +
        'Look whether the server runs there, and at host and port in the url',
    );
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('when there is no such host', async () => {
    const error = await refused('redis://nobody.invalid');
    expect(error.message).toMatch(/nobody\.invalid:6379 said: .*(ENOTFOUND|EAI_AGAIN).*Look at the host/);
  });

  test('when a password is missing or wrong, which it does not tell', async () => {
    const server = await startRedis({ args: ['--requirepass', 's3cret'] });
    const missing = await refused(server.url);
    const wrong = await refused(server.url.replace('//', '//:wr0ng@'));
    expect(missing.message).toMatch(/127\.0\.0\.1:\d+ said: NOAUTH .*wants a password/);
    expect(missing.cause).toMatchObject({ message: expect.stringMatching(/^NOAUTH/) });
    expect(wrong.message).toMatch(/127\.0\.0\.1:\d+ said: WRONGPASS .*Look at the user and the password/);
    expect(wrong.cause).toMatchObject({ message: expect.stringMatching(/^WRONGPASS/) });
    expect(wrong.message).not.toContain('wr0ng');
    await server.stop();
  });
});

describeRedisServers('opening a Redis store on a client names where, why and what to look at', () => {
  const clients: Redis[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });
  const refusedOn = async (port: number, options: object): Promise<StoreUnavailableError> => {
    const client = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 1, ...options });
    clients.push(client);
    const error = await refusedBy({ client });
    expect(client.listenerCount('error')).toBe(0);
    return error;
  };

  test.each([{}, { maxRetriesPerRequest: 0 }, { lazyConnect: true }])(
    'when nobody listens there (%o)',
    async (options) => {
      const port = await freePort();
      const error = await refusedOn(port, options);
      expect(error.message).toBe(
        `the Redis store could not be opened: 127.0.0.1:${port} said: connect ECONNREFUSED 127.0.0.1:${port}. ` +
          'Look whether the server runs there, and at host and port of the client',
      );
      expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    },
  );

  test('when it may not wait for its connection', async () => {
    const error = await refusedOn(await freePort(), { enableOfflineQueue: false });
    expect(error.message).toMatch(/said: the client is not connected\. Wait for its connection first/);
  });

  test('when it was closed', async () => {
    const port = await freePort();
    const client = new Redis({ port, lazyConnect: true });
    client.disconnect();
    const { message } = await refusedBy({ client });
    expect(message).toContain(`localhost:${port} said: the connection was closed. Look whether`);
  });

  test('when a password is missing or wrong, which it does not tell', async () => {
    const server = await startRedis({ args: ['--requirepass', 's3cret'] });
    const missing = await refusedOn(server.port, {});
    const wrong = await refusedOn(server.port, { password: 'wr0ng' });
    await server.stop();
    expect(missing.message).toMatch(/127\.0\.0\.1:\d+ said: NOAUTH .*give it to the client/);
    expect(wrong.message).toMatch(/127\.0\.0\.1:\d+ said: WRONGPASS .*the password of the client/);
    expect(wrong.message).not.toContain('wr0ng');
  });

  test('and what is asked of a server that went away says so', async () => {
    const server = await startRedis();
    const client = new Redis(server.url, { maxRetriesPerRequest: 0 });
    client.on('error', () => undefined);
    clients.push(client);
    const store = redisStore({ client });
    await store.open(context);
    await server.stop();
    await expect(store.paused()).rejects.toThrow(/^Redis did not do 'paused': the (server|connection) was/);
    await store.close();
  });
});

function refused(url: string): Promise<StoreUnavailableError> {
  return refusedBy({ url });
}

async function refusedBy(options: Parameters<typeof redisStore>[0]): Promise<StoreUnavailableError> {
  const error: unknown = await redisStore(options)
    .open(context)
    .then(
      () => null,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(StoreUnavailableError);
  return error as StoreUnavailableError;
}
