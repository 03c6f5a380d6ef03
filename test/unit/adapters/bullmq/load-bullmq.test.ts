import { loadBullmq } from '../../../../lib/adapters/bullmq/load-bullmq.js';

test('without the package, what is missing is named', async () => {
  await expect(loadBullmq(() => Promise.reject(new Error('not found')))).rejects.toThrow(
    /bullmqDispatcher\(\).*npm install bullmq ioredis/s,
  );
});
