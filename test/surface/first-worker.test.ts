import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { bootstrap, silentLogger, sqliteStore } from 'holdfast';
import ts from 'typescript';
import { snippetsOf } from './doc-snippets.js';

const root = join(__dirname, '../..');
const folder = join(root, '.cache/first-worker');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const files = snippetsOf('docs/first-worker.md', read('docs/first-worker.md'));
const processes: ChildProcess[] = [];

afterEach(() => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
});

function start(file: string): ChildProcess {
  const loader = ['--import', '@swc-node/register/esm-register'];
  const env = { ...process.env, NODE_OPTIONS: '', SWC_NODE_PROJECT: join(root, 'tsconfig.json') };
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, [...loader, `src/${file}`], { cwd: folder, env, stdio: [...stdio] });
  processes.push(child);
  return child;
}

async function up(worker: ChildProcess): Promise<void> {
  for await (const chunk of worker.stdout ?? []) if (String(chunk).includes('is up')) return;
  throw new Error('the worker ended');
}

test('docs/first-worker.md: a worker killed while its order sleeps, and another one that goes on', async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const { file, code } of files) {
    if (file === undefined) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code.replace("sleep('20 seconds')", "sleep('3 seconds')"));
  }
  const first = start('worker.ts');
  await up(first);
  const publisher = start('publish.ts');
  const printed = publisher.stdout === null ? '' : text(publisher.stdout);
  const store = sqliteStore(join(folder, 'shop.db'));
  await using shop = await bootstrap({ role: 'publisher', store, logger: silentLogger });
  while ((await shop.executions.list({ status: 'waiting' })).length === 0) await pause(50);
  first.kill('SIGKILL');
  await up(start('worker.ts'));
  expect(await printed).toBe('receipt-o-1\n');
  const asked = readFileSync(join(folder, 'shop.log'), 'utf8');
  expect(asked).toBe('charged 49 for o-1\nto ada@example.com: Thank you. Your receipt: receipt-o-1\n');
}, 60_000);

test('the OrderWorker of README.md, of docs/first-worker.md and of the examples is one', () => {
  const [page] = snippetsOf('README.md', read('README.md'));
  const own = files.find(({ file }) => file === 'src/order-worker.ts');
  const worker = orderWorkerIn(read('test/surface/snippets/order.ts'));
  expect(orderWorkerIn(page?.code ?? '')).toBe(worker);
  expect(orderWorkerIn(own?.code ?? '').replace('20seconds', '1hour')).toBe(worker);
});

/** The class without comments and layout. */
function orderWorkerIn(code: string): string {
  const source = ts.createSourceFile('worker.ts', code, ts.ScriptTarget.ES2022, true);
  const found = source.statements.find(
    (statement) => ts.isClassDeclaration(statement) && statement.name?.text === 'OrderWorker',
  );
  if (found === undefined) throw new Error('there is no OrderWorker');
  const printed = ts
    .createPrinter({ removeComments: true })
    .printNode(ts.EmitHint.Unspecified, found, source);
  return printed.replace(/\s+/g, '').replaceAll(',}', '}').replaceAll(',)', ')');
}
