import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../servers/free-port.js';
import { redisForTests } from '../servers/redis-server.js';

const root = join(__dirname, '../..');
const id = '7f0c2c1e-6f0a-4c1e-9b51-0d6c1d3f5a10';
const order = { id, email: 'ada@example.com', total: 49 };

let folder: string;
let running: ChildProcess | null = null;
let url = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-nest-shop-'));
});

afterEach(async () => {
  await end('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Starts the shop as its README says; gives what it has written so far. */
async function open(env: Readonly<Record<string, string>> = {}): Promise<() => string> {
  const port = String(await freePort());
  const files = { SHOP_DATABASE: join(folder, 'shop.db'), SHOP_JOBS: join(folder, 'jobs.db') };
  const args = ['--import', '@swc-node/register/esm-register', 'samples/nest-shop/main.ts'];
  const shop = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', ...files, ...env, PORT: port },
  });
  running = shop;
  url = `http://127.0.0.1:${port}`;
  let written = '';
  await new Promise<void>((resolve, reject) => {
    shop.once('exit', () => reject(new Error(`the shop did not open: ${written}`)));
    for (const stream of [shop.stdout, shop.stderr])
      stream.on('data', (chunk: Buffer) => {
        written += chunk.toString();
        if (written.includes('the shop is open')) resolve();
      });
  });
  return () => written;
}

async function end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
  const shop = running;
  running = null;
  if (shop === null) return null;
  const ended = once(shop, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  shop.kill(signal);
  const [code, by] = await ended;
  return code ?? by;
}

async function post(path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

/** Asks until the order has that status: the worker is another process. */
async function untilStatus(wanted: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const found = (await (await fetch(`${url}/orders/${id}`)).json()) as { status?: unknown };
    if (found.status === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the order is not ${wanted}`);
}

test('nest-shop goes on where kill -9 stopped it, and ends by SIGTERM', async () => {
  const first = await open();
  expect(await post('/orders', order)).toBe(202);
  await untilStatus('paid');
  expect(first()).toMatch(/\[Shop\].*charge: done/);
  expect(await end('SIGKILL')).toBe('SIGKILL');

  const second = await open();
  expect(await post(`/orders/${id}/shipped`, { tracking: 'JD0002' })).toBe(202);
  await untilStatus('shipped');
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  expect(await end('SIGTERM')).toBe('SIGTERM');
  expect(second()).toMatch(/\[Mail\].*Your order is on its way: JD0002/);
  expect(second()).not.toContain('charge: done');
}, 60_000);

const redis = redisForTests();

redis.describe('nest-shop on Redis', () => {
  test('works with BullMQ by one environment variable', async () => {
    const written = await open({ REDIS_URL: await redis.url(), SHOP_PREFIX: redis.prefix() });
    expect(await post('/orders', order)).toBe(202);
    await untilStatus('paid');
    expect(await post(`/orders/${id}/shipped`, { tracking: 'JD0003' })).toBe(202);
    await untilStatus('shipped');
    expect(await end('SIGTERM')).toBe('SIGTERM');
    expect(written()).toMatch(/\[Mail\].*JD0003/);
  }, 60_000);
});
