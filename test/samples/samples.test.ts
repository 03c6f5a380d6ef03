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

test('tenants serves sessions in turn, keeps their state, and stops one without the others', async () => {
  const { code, stdout, stderr } = await runSample('tenants');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    'rows of big and small: 40 3',
    'small was done before big: true',
    'stopped 6, all ended: true',
    'the waiter was told: big',
    "'big-2' goes on: waiting",
    'big: 42 completed, 6 cancelled; rows: 47',
    "active: [ 'big-2' ]",
    'after stopAll: []',
  ]);
}, 30_000);

test('graph-chain ends each attempt on time, tells the caller the last error, and bounds a recursion', async () => {
  const { code, stdout, stderr } = await runSample('graph-chain');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('=> filed: plan for 3 of frame, rim, tyre, rim, tyre');
  expect(stdout.match(/^ {2}check\/plot: attempt \d ended by TimeoutError, on time: true$/gm)).toHaveLength(
    3,
  );
  expect(stdout).toContain('=> TimeoutError in check/plot, after [check/explode]');
  expect(stdout).toContain('=> CallDepthExceededError in check/explode, after []');
  expect(stdout).toContain('nested more than 15 deep: end the recursion, or raise maxCallDepth');
}, 30_000);

test('graph-parallel loses no update of a branch, lets branches finish, and goes around what failed', async () => {
  const { code, stdout, stderr } = await runSample('graph-parallel');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [ada = '', noreply = ''] = stdout.split('noreply@example.com ');
  expect(ada).toContain('receive/mail failed\n');
  expect(ada).toContain('receive/told completed\n');
  expect(ada).toContain('"company":"example.com","score":15,"consent":true');
  expect(ada).toContain('"tags":["new","company known","scored"]');
  expect(noreply).toBe(
    'failed: nobody reads this address\n  receive/company completed\n  receive/consent failed\n  receive/score completed\n',
  );
}, 30_000);

test('graph-route takes the branches that fit, else the fallback, and fails where there is none', async () => {
  const { code, stdout, stderr } = await runSample('graph-route');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('classify/page: engineer paged: outage in Lisbon');
  expect(stdout.match(/skipped$/gm)).toHaveLength(5);
  expect(stdout).toContain('classify/log: logged: answered by the bot: how do I log in');
  expect(stdout).toContain("=> the value of 'classify' is taken by none of the branches 'page'");
}, 30_000);

test('graph-batch keeps what worked, gives results in order, and refuses what is too long', async () => {
  const { code, stdout, stderr } = await runSample('graph-batch');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').slice(0, 6)).toEqual([
    'failed: photo-7 is no picture',
    'resized all the same: 19',
    'at a time: 4',
    'Lisbon: 20 photos, the last small-photo-20',
    'resized more than once: photo-7 3×',
    'Nothing: 0 photos',
  ]);
  expect(stdout).toContain("TooManyItemsError: step 'resize' fans out over 5001 items");
}, 30_000);

test('saga undoes in reverse order after a failure, after a cancel, and once the undo is mended', async () => {
  const { code, stdout, stderr } = await runSample('saga');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [lisbon = '', porto = '', faro = ''] = stdout.split(/^(?=\w+, \w+ card$)/m);
  const undone = '  - second night\n  - first night\n  - flight to';
  expect(lisbon).toContain(`${undone} Lisbon\n  => card expired\n  => 3 undone\n`);
  expect(porto).toContain(`${undone} Porto\n  => CancelledError\n`);
  expect(faro).toContain("=> parked: step 'plan/night' could not be undone");
  expect(faro).toContain(`${undone} Faro\n  => card expired\n`);
}, 30_000);

test('limits holds each limit, by key and from a provider, and costs no attempt', async () => {
  const { code, stdout, stderr } = await runSample('limits');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').slice(0, 5)).toEqual([
    'executions of big: at most 2 at once',
    'executions of small: at most 2 at once',
    expect.stringMatching(/^exports: at most [123] at once$/),
    'calls: 70 in at least 400 ms: true',
    'attempts beyond the first: 0',
  ]);
}, 30_000);

test('daily-report comes at nine in Berlin, runs on demand, and goes on after a failure', async () => {
  const { code, stdout, stderr } = await runSample('daily-report');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/^next: .*$/gm)).toEqual(['next: 09:00:00', 'next: 09:00:00', 'next: 09:00:00']);
  expect(stdout).toContain('now: 56');
  expect(stdout.match(/^mail: .*$/gm)).toEqual(['mail: 56 sold']);
  expect(stdout.match(/^tick: pulse, 0 ms off$/gm)?.length).toBeGreaterThanOrEqual(4);
  expect(stdout).toContain('reports.daily: cron 0 9 * * 1-5 Europe/Berlin\n');
  expect(stdout).toContain('reports.pulse: every 200 ms, paused');
}, 30_000);

/** What the log warns of: only requests that were refused, each with its surface and reason. */
function refusedIn(stderr: string): readonly string[] {
  return stderr
    .trim()
    .split('\n')
    .map((line) => {
      const [, surface, reason] =
        /^\[holdfast\] requests were refused: not authorized .*"surface":"(\w+)","reason":"([\w-]+)"/.exec(
          line,
        ) ?? [];
      return surface === undefined ? line : `${surface} ${reason}`;
    });
}

test('web-servers mounts one app in Express, Hono and a Next.js route, each with its own rules', async () => {
  const { code, stdout, stderr } = await runSample('web-servers');
  expect({ code, refused: refusedIn(stderr) }).toEqual({
    code: 0,
    refused: ['events not-signed', 'events guard', 'hints not-signed', 'events guard'],
  });
  expect(stdout.trim().split('\n')).toEqual([
    'Express:',
    '  200 Welcome, Ada: mailed to ada@example.com',
    '  200 Welcome, Ada: mailed to ada@example.com',
    '  401 UNAUTHORIZED',
    '  201 Welcome, Bob: mailed to bob@example.com',
    '  400 BODY_INVALID',
    '  429 RATE_LIMITED',
    'Hono:',
    '  202 Welcome, Dee: mailed to dee@example.com',
    '  401 UNAUTHORIZED',
    '  401 UNAUTHORIZED',
    '  up',
    'Next.js:',
    '  202 Welcome, Flo: mailed to flo@example.com',
    '  401 UNAUTHORIZED',
  ]);
}, 30_000);

test('http-routes takes signed and guarded events over three kinds of servers, once each, and tells what is wrong', async () => {
  const { code, stdout, stderr } = await runSample('http-routes');
  expect({ code, refused: refusedIn(stderr) }).toEqual({
    code: 0,
    refused: ['events not-signed', 'events guard'],
  });
  expect(stdout).toContain('200 {"values":["Welcome, Ada: mailed to ada@example.com"]}');
  expect(stdout.match(/200 \{"values":\["Welcome, Bob: mailed to bob@example.com"\]\}/g)).toHaveLength(2);
  expect(stdout).toContain(
    '"code":"EVENT_INVALID","message":"the event is invalid","violations":[{"path":"email",',
  );
  expect(stdout).toContain('401 {"error":true,"code":"UNAUTHORIZED"');
  expect(stdout).toContain('elsewhere:\n  404\n');
  expect(stdout).toContain('Next.js, a stranger:\n  401\n');
  expect(stdout).toContain('Next.js, who is known:\n  202 Welcome, Cy: mailed to cy@example.com');
  expect(stdout).toContain('serverless:\n  200 {"values":["Welcome, Dee: mailed to dee@example.com"]}');
}, 30_000);

test('approval reminds once, takes the answer whenever it comes, and buys what is approved', async () => {
  const { code, stdout, stderr } = await runSample('approval');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/^mail to manager: .*$/gm)?.toSorted()).toEqual([
    'mail to manager: may we buy a desk?',
    'mail to manager: may we buy a lamp?',
    'mail to manager: may we buy a piano?',
    'mail to manager: reminder: may we buy a desk?',
    'mail to manager: reminder: may we buy a piano?',
  ]);
  expect(stdout).toContain('approved by Ada: a desk for 300\nrejected: we have one\nnobody answered\n');
  expect(stdout).toContain('child: orders.buy completed');
}, 30_000);

test('webhook-batcher uploads once for each account, and a repeated webhook once', async () => {
  const { code, stdout, stderr } = await runSample('webhook-batcher');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/^upload: .*$/gm)?.slice(0, 2)).toEqual([
    'upload: acme Ada Bob Cy Dee Eve',
    'upload: zeta Zoe',
  ]);
  expect(stdout).toContain('acme: 5 by maxEvents, attempt 1\n');
  expect(stdout).toContain('added: true true 1\n');
  expect(stdout).toContain('zeta: 1 by manual, attempt 1\n');
  expect(stdout).toContain('cleared: 1\n');
  expect(stdout).toContain('directory: {"n-1":"Nora"}\n');
}, 30_000);

test('order-actor applies every payment, reminds twice, and takes what cannot be handled', async () => {
  const { code, stdout, stderr } = await runSample('order-actor');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('paid 50 of 50 in 6 changes, 6 messages');
  expect(stdout).toContain('order b is active');
  expect(stdout.match(/^mail: reminder \d for 30$/gm)).toHaveLength(2);
  expect(stdout).toContain('order b is idle, reminded 2 times');
  expect(stdout).toContain('refused: c was paid, and never placed');
  expect(stdout).toContain('order c is refused');
  expect(stdout).toContain('order a is not_found');
}, 30_000);

test('token-refresher keeps a token for each job, and ends the one whose account is closed', async () => {
  const { code, stdout, stderr } = await runSample('token-refresher');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    'started: true',
    'again: false',
    'a token: true and the next in time: true',
    'stopped after 4 ticks: the account is closed',
    'kept: 3',
    'ended: true not_found',
  ]);
}, 30_000);

test('nest-minimal welcomes a user twice', async () => {
  const { code, stdout, stderr } = await runSample('nest-minimal');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    'mail to ada@example.com: Welcome, Ada',
    'mail to ada@example.com: Ada, how do you like it?',
    'welcomed',
  ]);
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
