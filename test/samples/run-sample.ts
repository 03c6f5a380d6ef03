import { execFile } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a sample as its first line says: a process of its own, from the repository's folder. */
export function runSample(name: string): Promise<Ran> {
  const args = [
    '--enable-source-maps',
    '--import',
    '@swc-node/register/esm-register',
    `samples/${name}/main.ts`,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, timeout: 25_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}
