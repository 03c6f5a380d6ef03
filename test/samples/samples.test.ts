import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSample } from './run-sample.js';

const folder = join(__dirname, '../../samples');
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

test('order-worker charges once, sleeps, confirms, and refuses what is wrong', async () => {
  const { code, stdout, stderr } = await runSample('order-worker');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain("result: { id: 'receipt-7f0c2c1e', total: 49 }");
  expect(stdout).toContain('fulfil/charge: completed, attempt 2');
  expect(stdout).toContain('fulfil/confirm: completed, attempt 1');
  expect(stdout.match(/^mail to/gm)).toHaveLength(1);
  expect(stdout.match(/^payments: call \d for 7f0c2c1e/gm)).toHaveLength(2);
  expect(stdout).toContain('published again, same execution: true');
  expect(stdout).toContain('declined at once: true');
  expect(stdout).toContain("refused: [ { path: 'total', message: 'total must be a positive number' } ]");
}, 30_000);

test('retries-and-timeouts shows each policy, and frees a parked execution', async () => {
  const { code, stdout, stderr } = await runSample('retries-and-timeouts');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('write/weather: attempt 2 failed with Error: 503');
  expect(stdout).toContain('=> sunny');
  expect(stdout).toContain('RetryAfterError: 429 Too Many Requests');
  expect(stdout).toContain('=> failed: NonRetryableError: 403 Forbidden');
  expect(stdout).not.toContain('write/secrets: attempt 2');
  expect(stdout).toContain('=> parked, because of TimeoutError');
  expect(stdout).toContain('=> resumed: dusty');
}, 30_000);

test('compensation cancels the flight when there is no hotel', async () => {
  const { code, stdout, stderr } = await runSample('compensation');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Lisbon: flight-of-lisbon, room in Lisbon');
  expect(stdout).toContain('Atlantis: nothing booked: no hotel under water');
  expect(stdout.match(/^airline: flight-of-\w+ cancelled$/gm)).toEqual([
    'airline: flight-of-atlantis cancelled',
  ]);
}, 30_000);

test('chaos finds each planted mistake of the wrong worker, and nothing in the right one', async () => {
  const { code, stdout, stderr } = await runSample('chaos');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [wrong = '', right = ''] = stdout.split('As the report says');
  expect(wrong).toContain('crash matrix of WrongOrders: 23 boundaries, 4 problems');
  expect(wrong.match(/^ {2}\d\. .*$/gm)).toEqual([
    '  1. orders.fulfil',
    '  2. orders.fulfil/charge',
    '  3. orders.fulfil/book',
    '  4. orders.fulfil',
  ]);
  expect(wrong).toContain('found  Mailer.send, in the handler outside its steps, takes effect 2 times');
  expect(wrong).toContain('found  Payments.charge takes effect 2 times instead of 1');
  expect(wrong).toContain('found  Shop.addSale takes effect 2 times instead of 1');
  expect(wrong).toContain(
    "found  orders.fulfil called step 'fulfil/label' with arguments that were not recorded",
  );
  expect(right).toContain('crash matrix of RightOrders: 27 boundaries, every one is safe');
}, 30_000);

test.each(names)('samples/%s says in its first line how to run it, as the table does', (name) => {
  const files = readdirSync(join(folder, name));
  const start = files.includes('main.ts')
    ? 'main.ts'
    : (files.find((file) => file.endsWith('.test.ts')) ?? '');
  const [first = ''] = readFileSync(join(folder, name, start), 'utf8').split('\n');
  expect(first).toMatch(/^\/\/ (npm|npx|node) /);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`\`${first.slice(3)}\``);
});
