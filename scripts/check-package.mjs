/**
 * Packs the package and checks what a user gets: publint and attw on the tarball, then a CommonJS and an ES module
 * project that install it without any optional peer, compile scripts/consumer/ against its types and run it, and the command.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const bin = (name) => join(root, 'node_modules/.bin', name);
const expected = JSON.stringify({ bootstrapped: 'hello ada', tested: 'hello ada' });

const expectedGraph = 'flowchart TD\n  n0["print"]\n  n1(["greet"])\n  n1 --> n0\n';

const compilerOptions = {
  target: 'ES2022',
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  lib: ['ES2022'],
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: false,
  outDir: 'out',
};

/** How each project is run. Without `require(esm)`, a CommonJS project loads dist/cjs instead of dist/esm. */
const projects = [
  { type: 'module', runs: [[]] },
  { type: 'commonjs', runs: [[], ['--no-experimental-require-module']] },
];

const execute = promisify(execFile);

async function run(command, args, cwd = root) {
  try {
    return (await execute(command, args, { cwd, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    throw new Error(`${[command, ...args].join(' ')}\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
  }
}

async function pack(folder) {
  const answer = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  const [{ filename, files, size }] = JSON.parse(answer);
  const stray = files
    .map((file) => file.path)
    .filter(
      (path) => !/^(dist\/|docs\/[\w-]+\.md$|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path),
    );
  const packed = new Set(files.map((file) => file.path));
  const links = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\((docs\/[^)#]+)/g);
  const broken = [...links].map(([, path]) => path).filter((path) => !packed.has(path));
  if (broken.length > 0) throw new Error(`README.md links to what is not packed: ${broken.join(', ')}`);
  if (stray.length > 0) throw new Error(`files that do not belong into the package: ${stray.join(', ')}`);
  console.log(`${filename}: ${files.length} files, ${Math.ceil(size / 1024)} KiB`);
  return join(folder, filename);
}

async function consume(tarball, { type, runs }, folder) {
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: `consumer-${type}`, private: true, type }),
  );
  const files = ['main.ts', 'workers.ts'];
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  for (const file of files) copyFileSync(join(root, 'scripts/consumer', file), join(folder, file));
  const quiet = ['--prefer-offline', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...quiet, tarball, `@types/node@${devDependencies['@types/node']}`], folder);
  await run(process.execPath, [bin('tsc'), '-p', '.'], folder);
  for (const flags of runs) {
    const answer = (await run(process.execPath, [...flags, 'out/main.js'], folder)).trim();
    if (answer !== expected) throw new Error(`the ${type} project printed ${answer} instead of ${expected}`);
    console.log(`${['node', ...flags].join(' ')} in a ${type} project: ok`);
  }
  const graph = await run('npx', ['--no-install', 'holdfast', 'graph', './out/workers.js'], folder);
  if (graph !== expectedGraph) throw new Error(`holdfast graph in the ${type} project printed ${graph}`);
  console.log(`npx holdfast graph in a ${type} project: ok`);
}

async function lint(tarball) {
  await run(bin('publint'), ['run', tarball, '--strict']);
  await run(bin('attw'), [tarball]);
  console.log('publint, attw: ok');
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
try {
  await build('dist');
  const tarball = await pack(folder);
  await Promise.all([
    lint(tarball),
    ...projects.map((project) => consume(tarball, project, join(folder, project.type))),
  ]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
