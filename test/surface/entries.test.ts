import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(__dirname, '../..');
const build = '.cache/surface';
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-surface-'));
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), build], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The packages and built-in modules that a fresh process loads for `program`, and what it printed as a warning. */
function loads(program: string): { readonly packages: string[]; readonly warnings: string } {
  const log = join(folder, 'loads');
  rmSync(log, { force: true });
  const recorder = pathToFileURL(join(__dirname, 'record-loads.mjs')).href;
  const { status, stderr } = spawnSync(process.execPath, ['--import', recorder, '-e', program], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, LOADS: log, NODE_OPTIONS: '' },
  });
  if (status !== 0) throw new Error(stderr);
  const lines = readFileSync(log, 'utf8').split('\n');
  const packages = lines.map((line) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(line)?.[1] ?? line);
  return { packages: [...new Set(packages)], warnings: stderr };
}

const entries = ['lib/entries/index.js', 'lib/entries/testing.js'];
const unwanted = ['node:sqlite', 'jest', ...Object.keys(manifest.peerDependencies)];

test.each([
  ...entries.map((entry) => [`import('./${build}/esm/${entry}')`]),
  ...entries.map((entry) => [`require('./${build}/cjs/${entry}')`]),
])('%s loads the dependencies, no optional peer, and warns of nothing', (program) => {
  const { packages, warnings } = loads(program);
  expect(packages).toContain('tsyringe');
  expect(packages.filter((name) => unwanted.includes(name))).toEqual([]);
  expect(warnings).toBe('');
});

test.each([
  [`import('./${build}/esm/lib/entries/redis.js')`],
  [`require('./${build}/cjs/lib/entries/redis.js')`],
  [`import('./${build}/esm/lib/entries/bullmq.js')`],
  [`require('./${build}/cjs/lib/entries/bullmq.js')`],
])('%s loads no package: it is asked for when a connection is made', (program) => {
  const { packages, warnings } = loads(program);
  expect(packages.filter((name) => unwanted.includes(name))).toEqual([]);
  expect(warnings).toBe('');
});

test('a package that a program does load is seen by the recorder', () => {
  expect(loads("import('class-validator')").packages).toContain('class-validator');
  expect(loads("require('class-transformer')").packages).toContain('class-transformer');
});

test('every peer is optional', () => {
  const peers = Object.keys(manifest.peerDependencies);
  expect(peers.filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true)).toEqual([]);
});
