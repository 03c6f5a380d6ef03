import { redisStore } from 'holdfast/redis';
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

async function refused(url: string): Promise<StoreUnavailableError> {
  const error: unknown = await redisStore({ url })
    .open(context)
    .then(
      () => null,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(StoreUnavailableError);
  return error as StoreUnavailableError;
}
