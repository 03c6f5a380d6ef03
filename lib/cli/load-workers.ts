import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileWorkers } from '../compiler/compile-workers.js';
import { isWorker } from '../decorators/worker.js';
import type { WorkerClass, WorkerDefinition } from '../model/definition.js';
import { DefinitionError } from '../model/errors-boot.js';
import { messageOf } from '../model/message-of.js';
import { UsageError } from './usage-error.js';

/**
 * The workers that a module exports, in order of their ids: classes with `@Worker`, each by itself or in an array (`workers`, or the default export).
 * Throws `UsageError`.
 */
export async function loadWorkers(module: string, folder: string): Promise<readonly WorkerDefinition[]> {
  const path = resolve(folder, module);
  if (!existsSync(path))
    throw new UsageError(`there is no file '${path}': build the workers first, and give the built file`);
  if (statSync(path).isDirectory())
    throw new UsageError(`'${path}' is a folder: give the built file, for example ${module}/workers.js`);
  const classes = workersIn(await load(path));
  if (classes.length === 0)
    throw new UsageError(
      `'${path}' exports no worker: export the classes with @Worker, or an array of them as 'workers'`,
    );
  try {
    return compileWorkers(classes).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  } catch (error) {
    if (error instanceof DefinitionError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

async function load(path: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    const source = /\.[cm]?tsx?$/.test(path)
      ? '. It is TypeScript: build it first, and give the built file'
      : '';
    throw new UsageError(`'${path}' cannot be loaded: ${messageOf(error)}${source}`, { cause: error });
  }
}

/** Exports by name, and those of a CommonJS module or of an object that is the default export. */
function workersIn(exported: unknown): readonly WorkerClass[] {
  const byName = Object.values(exported as object);
  const byDefault: unknown = (exported as { readonly default?: unknown }).default;
  const values: unknown[] = isPlain(byDefault) ? [...byName, ...Object.values(byDefault)] : byName;
  return [...new Set(values.flat().filter(isWorker))];
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
