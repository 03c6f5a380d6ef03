import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { moduleOf, pages, type Snippet, snippetsOf } from './doc-snippets.js';

const root = join(__dirname, '../..');
const folder = '.cache/doc-snippets';
const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');

/** A block that must not compile: without it, silence could mean that nothing was compiled. */
const planted: Snippet = {
  page: 'planted.md',
  line: 3,
  code: "await app.publish(OrderPlaced, { orderId: 1, email: 'a@b.c', total: 5 });",
  fixtures: ['order'],
};

const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Compiles all snippets in one run; errors as `page:line code message`. */
function compile(snippets: readonly Snippet[]): string[] {
  rmSync(join(root, folder), { recursive: true, force: true });
  mkdirSync(join(root, folder), { recursive: true });
  const fileOf = new Map<string, Snippet>();
  for (const [at, snippet] of snippets.entries()) {
    const file = `${folder}/${snippet.file === undefined ? `snippet-${at}.ts` : join(basename(snippet.page, '.md'), snippet.file)}`;
    fileOf.set(file, snippet);
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), moduleOf(root, snippet));
  }
  const include = ['**/*.ts', '../../test/surface/snippets/*.d.ts'];
  const config = { extends: '../../tsconfig.json', include, exclude: [] };
  writeFileSync(join(root, folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter((line) => line.includes('error TS'))
    .map((line) => {
      const [, file = '', at = '', message = ''] = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
      const snippet = fileOf.get(file);
      return snippet === undefined ? line : `${snippet.page}:${at} ${message}`;
    });
}

test('every TypeScript block of README.md and docs/ compiles', () => {
  const snippets = pages(root).flatMap((page) => snippetsOf(page, read(page)));
  expect(snippets.length).toBeGreaterThan(10);
  const errors = compile([...snippets, planted]);
  expect(errors.filter((error) => error.startsWith('planted.md:3 TS'))).toHaveLength(1);
  expect(errors.filter((error) => !error.startsWith('planted.md'))).toEqual([]);
}, 60_000);

test('the page of code in README.md runs as it says', () => {
  const [page] = snippetsOf('README.md', read('README.md'));
  if (page === undefined) throw new Error('README.md has no code');
  const code = moduleOf(root, page).replace("sleep('1 hour')", 'sleep(20)');
  mkdirSync(join(root, '.cache/readme'), { recursive: true });
  writeFileSync(join(root, '.cache/readme/page.ts'), code);
  const loader = ['--import', '@swc-node/register/esm-register'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...loader, '.cache/readme/page.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, HOLDFAST_STORE_URL: 'memory:', NODE_OPTIONS: '' },
  });
  const told = 'ada@example.com: Thank you. Your receipt: receipt-o-1\nreceipt-o-1\n';
  expect({ stdout, stderr, status }).toEqual({ stdout: told, stderr: '', status: 0 });
}, 60_000);

test('every relative link of README.md and docs/ leads to a file or heading', () => {
  const broken = pages(root).flatMap((page) =>
    [...read(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(#[^)\s]+)?\)/g)].flatMap(([, path = '', anchor]) => {
      const target = path === '' ? page : join(dirname(page), path);
      const isThere =
        existsSync(join(root, target)) &&
        (anchor === undefined || anchorsOf(read(target)).has(anchor.slice(1)));
      return isThere ? [] : [`${page}: ${path}${anchor ?? ''}`];
    }),
  );
  expect(broken).toEqual([]);
});

test('every file of the repository that a page names is there', () => {
  const missing = pages(root).flatMap((page) =>
    [...read(page).matchAll(/`((?:lib|nest|test|samples|bench|docs|scripts)\/[\w./-]+)`/g)]
      .map(([, path = '']) => path)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${page}: ${path}`),
  );
  expect(missing).toEqual([]);
});

/** Headings as GitHub turns them into anchors. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- _]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
