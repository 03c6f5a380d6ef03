import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/**
 * Compiles `<name>.process.ts` of that folder, `test/crash` unless said, with all that it imports from this repository
 * into one file, so that a process is up in a fraction of a second. Answers the files by name; they are removed after the
 * tests of the file that calls it.
 */
export function bundlePrograms<const Name extends string>(
  names: readonly Name[],
  folder: string = join(root, 'test/crash'),
): Readonly<Record<Name, string>> {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'programs-'));
  afterAll(() => rmSync(out, { recursive: true, force: true }));
  execFileSync(
    join(root, 'node_modules/.bin/esbuild'),
    [
      ...names.map((name) => join(folder, `${name}.process.ts`)),
      '--bundle',
      '--platform=node',
      '--format=cjs',
      '--packages=external',
      '--alias:holdfast=./lib/entries/index.ts',
      '--alias:holdfast/redis=./lib/entries/redis.ts',
      '--alias:holdfast/bullmq=./lib/entries/bullmq.ts',
      '--keep-names',
      '--sourcemap=inline',
      '--out-extension:.js=.cjs',
      '--log-level=error',
      `--outdir=${out}`,
    ],
    { cwd: root },
  );
  return Object.fromEntries(names.map((name) => [name, join(out, `${name}.process.cjs`)])) as Record<
    Name,
    string
  >;
}
