import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreUnavailableError } from '../../model/errors-store.js';

/** Nobody but the owner reads what executions carry; SQLite gives its side files the mode of the database. */
export function createFile(path: string): void {
  try {
    makeFolder(dirname(path));
    closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    // A read-only file may still be read; whatever else is wrong, SQLite says it at the first write.
    if (code !== 'EACCES' && code !== 'EROFS')
      throw new StoreUnavailableError(
        `the database file '${path}' cannot be created (${code})${INSTEAD[code] ?? ''}`,
        cause,
      );
  }
}

const INSTEAD: Readonly<Record<string, string>> = {
  EISDIR: ': it is a folder. Write the path of a file in it',
  ENOTDIR: ': what stands before its name is a file, no folder. Write a path below a folder',
  ENOENT: ': its folder cannot be made. Write a path where folders can be, or make the folder first',
};

/** One by one: where a folder that is there answers ENOENT, as `/proc` does, `recursive` of Node asks for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    // Another process has made it meanwhile.
    if (!existsSync(path)) throw error;
  }
}
