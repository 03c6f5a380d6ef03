/**
 * Builds the package twice with tsc, into `<out>/esm` and `<out>/cjs`.
 * `node scripts/build.mjs [out]`, where `out` is relative to the repository (default `dist`).
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = resolve(root, process.argv[2] ?? 'dist');
const run = promisify(execFile);

const formats = [
  { dir: 'esm', type: 'module', options: [] },
  { dir: 'cjs', type: 'commonjs', options: ['--module', 'CommonJS', '--moduleResolution', 'bundler'] },
];

async function build({ dir, type, options }) {
  const target = join(out, dir);
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', target, ...options], {
    cwd: root,
  });
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), `${JSON.stringify({ type })}\n`);
}

rmSync(out, { recursive: true, force: true });
try {
  await Promise.all(formats.map(build));
} catch (error) {
  console.error(error.stdout || error.message);
  process.exit(1);
}
