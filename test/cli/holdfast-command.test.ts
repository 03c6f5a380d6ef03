import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, silentLogger, sqliteStore } from 'holdfast';
import { redisStore } from 'holdfast/redis';
import { Redis } from 'ioredis';
import { describeRedisServers, type RedisServer, startRedis } from '../servers/redis-server.js';
import { OrderWorker, Placed } from './before.workers.js';

const root = join(__dirname, '../..');
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'cli-'));
const store = join(folder, 'holdfast.db');
const modules = ['before', 'renamed', 'mapped', 'gone', 'handler'] as const;
let ids: { readonly recorded: string; readonly unrecorded: string };

/** Builds the command and the workers, each with its own copy of the library, as a tarball and a user's build have them. */
function build(format: 'esm' | 'cjs', files: readonly string[]): void {
  const extension = format === 'esm' ? '.mjs' : '.cjs';
  execFileSync(
    join(root, 'node_modules/.bin/esbuild'),
    [
      ...files.map((file) => join(root, file)),
      '--bundle',
      '--platform=node',
      `--format=${format}`,
      '--packages=external',
      '--alias:holdfast=./lib/entries/index.ts',
      '--keep-names',
      `--out-extension:.js=${extension}`,
      '--log-level=error',
      `--outdir=${folder}`,
    ],
    { cwd: root },
  );
}

beforeAll(async () => {
  build('esm', ['lib/cli/holdfast.ts']);
  build(
    'esm',
    modules.map((name) => `test/cli/${name}.workers.ts`),
  );
  build(
    'cjs',
    modules.map((name) => `test/cli/${name}.workers.ts`),
  );
  writeFileSync(join(folder, 'nothing.mjs'), 'export const workers = []; export class Plain {}');
  writeFileSync(join(folder, 'broken.mjs'), "throw new Error('no database here');");
  const app = await bootstrap({ workers: [OrderWorker], store: sqliteStore(store), logger: silentLogger });
  await app.start();
  const waits = new Promise<void>((resolve) => {
    let count = 0;
    app.on('execution.waiting', () => {
      if (++count === 2) resolve();
    });
  });
  const recorded = (await app.publish(Placed, { n: 1 })).of(OrderWorker).id;
  const unrecorded = (await app.publish(Placed, { n: -1 })).of(OrderWorker).id;
  ids = { recorded, unrecorded };
  await waits;
  await app.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function holdfast(...args: string[]) {
  const { HOLDFAST_STORE_URL: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'holdfast.mjs'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...env, NODE_NO_WARNINGS: '1' },
  });
  return { status, out: stdout, err: stderr };
}

describe.each(['mjs', 'cjs'])('holdfast check with a module in .%s', (extension) => {
  const check = (name: string, ...more: string[]) =>
    holdfast('check', `./${name}.workers.${extension}`, '--store', store, ...more);

  test('finds workers as they run the same', () => {
    expect(check('before')).toEqual({
      status: 0,
      out: 'mails: same, no executions in flight\norders: same, 2 executions in flight\n\nWhat is in flight can go on.\n',
      err: '',
    });
  });

  test('names the executions that recorded a renamed step, and what to write', () => {
    const { status, out, err } = check('renamed');
    expect([status, err]).toEqual([1, '']);
    expect(out).toBe(
      [
        'mails: same, no executions in flight',
        'orders: needs mapping, 2 executions in flight',
        "  needs mapping: step 'charge' is gone",
        `    1 execution: ${ids.recorded}`,
        "    write @RenamedFrom('charge') on the step that took its place, or bring 'charge' back",
        "  additive: step 'bill' is new",
        '',
        '1 of 2 workers does not fit what is in flight. Deployed like this, what recorded a step that has no place is parked.',
        '',
      ].join('\n'),
    );
  });

  test('takes a rename that is declared, and steps more', () => {
    const { status, out } = check('mapped', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      workers: [
        {
          worker: 'orders',
          inFlight: 2,
          verdict: 'additive',
          differences: [{ what: "step 'charge' is 'bill' now" }, { what: "declared step 'thank' is new" }],
        },
      ],
      missing: [],
    });
  });
});

test('holdfast check refuses a module without a worker that has executions in flight, and says that they wait', () => {
  const { status, out } = holdfast('check', './gone.workers.mjs', '--store', store);
  expect([status, out]).toEqual([
    1,
    [
      'mails: same, no executions in flight',
      'orders: gone, 2 executions in flight',
      "  the module exports no worker 'orders': these executions wait until a process has it",
      '    export it, or let the old processes finish these executions; where other processes run it, check it with their module',
      '',
      '1 of 2 workers does not fit what is in flight. Deployed like this, what has no handler or worker waits until a process has it again.',
      '',
    ].join('\n'),
  ]);
});

test('holdfast check refuses a handler under another name, and says that its executions wait', () => {
  const { status, out } = holdfast('check', './handler.workers.mjs', '--store', store);
  expect([status, out]).toEqual([
    1,
    [
      'orders: needs mapping, 2 executions in flight',
      "  needs mapping: handler 'fulfil' is gone",
      `    2 executions: ${[ids.recorded, ids.unrecorded].toSorted().join(', ')}`,
      "    bring 'fulfil' back, or let the old processes finish these executions: handlers cannot be renamed while executions are in flight. They wait until a process has 'fulfil' again",
      "  additive: handler 'accept' is new",
      '',
      '1 of 1 workers does not fit what is in flight. Deployed like this, what has no handler or worker waits until a process has it again.',
      '',
    ].join('\n'),
  ]);
});

test('holdfast check leaves the store as it is', () => {
  const before = [statSync(store).mtimeMs, statSync(store).size];
  holdfast('check', './renamed.workers.mjs', '--store', store);
  expect([statSync(store).mtimeMs, statSync(store).size]).toEqual(before);
});

test('holdfast graph prints what a worker runs, as a flowchart and as JSON', () => {
  expect(holdfast('graph', './mapped.workers.mjs')).toEqual({
    status: 0,
    out: 'flowchart TD\n  n0["thank<br/>Says #34;thank you#34;"]\n  n1(["fulfil"])\n  n2["bill"]\n  n1 --> n0\n',
    err: '',
  });
  expect(holdfast('graph', './before.workers.cjs').out).toBe(
    '%% mails\nflowchart TD\n  n0(["send"])\n\n%% orders\nflowchart TD\n  n0(["fulfil"])\n  n1["charge"]\n\n',
  );
  const { status, out } = holdfast('graph', './before.workers.mjs', '--worker', 'mails', '--json');
  expect([status, JSON.parse(out)]).toMatchObject([0, [{ worker: 'mails' }]]);
});

test.each<[string, readonly string[], string]>([
  ['an unknown command', ['chek'], "holdfast: 'chek' is no command. Write check\n"],
  ['no module', ['check'], 'holdfast: no module was given. Write: holdfast check ./dist/workers.js\n'],
  [
    'two modules',
    ['check', 'a.js', 'b.js'],
    "holdfast: 'b.js' is one module too many: export all workers from one file\n",
  ],
  [
    'an unknown option',
    ['check', 'a.js', '--stor', 'x'],
    "holdfast: Unknown option '--stor'. holdfast check takes --store, --prefix, --json\n",
  ],
  [
    'a module that is not there',
    ['check', './gone.mjs'],
    `holdfast: there is no file '${join(folder, 'gone.mjs')}': build the workers first, and give the built file\n`,
  ],
  [
    'a module without workers',
    ['check', './nothing.mjs'],
    `holdfast: '${join(folder, 'nothing.mjs')}' exports no worker: export the classes with @Worker, or an array of them as 'workers'\n`,
  ],
  [
    'a module that throws',
    ['graph', './broken.mjs'],
    `holdfast: '${join(folder, 'broken.mjs')}' cannot be loaded: no database here\n`,
  ],
  [
    'a worker that is not exported',
    ['graph', './mapped.workers.mjs', '--worker', 'order'],
    "holdfast: 'order' is no worker of './mapped.workers.mjs'. Write orders\n",
  ],
  [
    'a store that is not there',
    ['check', './mapped.workers.mjs', '--store', './none/x.db'],
    `holdfast: there is no store '${join(folder, 'none/x.db')}': give the SQLite file that the workers use, --store <file>, or the address of their Redis, --store redis://…\n`,
  ],
  [
    'a store of another kind',
    ['check', './mapped.workers.mjs', '--store', 'postgres://me:secret@localhost'],
    'holdfast: --store is an address of postgres: stores in SQLite and Redis can be read. Write --store ./.holdfast/holdfast.db, or --store redis://host:6379\n',
  ],
  [
    'a Redis that is not there',
    ['check', './mapped.workers.mjs', '--store', 'redis://:secret@127.0.0.1:1'],
    'holdfast: the Redis store could not be opened: 127.0.0.1:1 said: connect ECONNREFUSED 127.0.0.1:1. Look whether the server runs there, and at host and port in the url\n',
  ],
  [
    'an address that is none',
    ['check', './mapped.workers.mjs', '--store', 'redis://:secret@host:port'],
    "holdfast: 1 mistake in options:\n  - redisStore(): url: it is no redis:// URL. Write 'redis://host:6379', or 'rediss://…' for TLS\n",
  ],
  [
    'a store in memory',
    ['check', './mapped.workers.mjs', '--store', 'memory:'],
    "holdfast: --store is 'memory:': nothing of a store in memory can be seen from another process\n",
  ],
  [
    'a file that is no store',
    ['check', './mapped.workers.mjs', '--store', './broken.mjs'],
    `holdfast: '${join(folder, 'broken.mjs')}' is not a SQLite database\n`,
  ],
])('with %s it exits with 2 and says what to write', (_, args, err) => {
  const files = readdirSync(folder).length;
  expect(holdfast(...args)).toEqual({ status: 2, out: '', err });
  expect(existsSync(join(folder, 'none'))).toBe(false);
  expect(readdirSync(folder)).toHaveLength(files);
});

describeRedisServers('holdfast check with a store in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    const app = await bootstrap({
      workers: [OrderWorker],
      store: redisStore({ url: server.url, prefix: 'shop' }),
      logger: silentLogger,
    });
    await app.publish(Placed, { n: 1 });
    await app.close();
  });
  afterAll(() => server.stop());

  test('finds what is in flight, and leaves the server as it is', async () => {
    const client = new Redis(server.url);
    const keys = async () => (await client.keys('*')).sort();
    const before = await keys();
    const check = (...more: string[]) =>
      holdfast('check', './before.workers.mjs', '--store', server.url, ...more);
    expect(check('--prefix', 'shop')).toEqual({
      status: 0,
      out: 'mails: same, no executions in flight\norders: same, 1 execution in flight\n\nWhat is in flight can go on.\n',
      err: '',
    });
    expect(check()).toEqual({
      status: 2,
      out: '',
      err: "holdfast: that Redis has no store with the prefix 'holdfast': give the one that the workers use, --prefix <name>\n",
    });
    expect(await keys()).toEqual(before);
    client.disconnect();
  });
});

test('holdfast alone, and --help, tell how it is used', () => {
  const { status, out } = holdfast();
  expect([status, out]).toEqual([0, holdfast('check', '--help').out]);
  expect(out).toContain('holdfast check <module> [--store <file or url>] [--prefix <name>] [--json]');
});
