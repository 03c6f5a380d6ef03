/**
 * Builds the package twice with tsc, into `<out>/esm` and `<out>/cjs`.
 * `node scripts/build.mjs [out]`, where `out` is relative to the repository (default `dist`).
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
const run = promisify(execFile);

const formats = [
  { dir: 'esm', type: 'module', options: [] },
  { dir: 'cjs', type: 'commonjs', options: ['--module', 'CommonJS', '--moduleResolution', 'bundler'] },
];

/** Builds into `out`; prints what tsc says and ends the process when it does not compile. */
export async function build(out) {
  const target = resolve(root, out);
  rmSync(target, { recursive: true, force: true });
  await Promise.all(
    formats.map(async ({ dir, type, options }) => {
      const outDir = join(target, dir);
      mkdirSync(outDir, { recursive: true });
      writeFileSync(join(outDir, 'package.json'), `${JSON.stringify({ type })}\n`);
      await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir, ...options], {
        cwd: root,
      });
    }),
  ).catch((error) => {
    console.error(error.stdout || error.message);
    process.exit(1);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await build(process.argv[2] ?? 'dist');
