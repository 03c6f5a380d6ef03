import { startRedis } from './redis-server.js';

/** Starts a server, says which, and waits to be killed. */
async function main(): Promise<void> {
  const { pid, dir } = await startRedis();
  process.send?.({ pid, dir });
  process.once('disconnect', () => process.exit(1));
}

void main();
