import type { WorkerOptions } from '../metadata/class-metadata.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const ID_SHAPE = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;
const LONGEST = 100;

/** The worker's id, explicit or derived; null, with a mistake noted, where neither can be used. */
export function workerId(
  type: { readonly name: string },
  options: WorkerOptions,
  mistakes: ClassMistakes,
  /** How one is written. */
  form = "@Worker('orders')",
): string | null {
  const { id } = options;
  if (id !== undefined) {
    if (typeof id === 'string' && id.length <= LONGEST && ID_SHAPE.test(id)) return id;
    mistakes.add(
      null,
      `its id is ${show(id)}`,
      `Write an id of letters, digits, '-', '_' and '.', up to ${LONGEST} characters`,
    );
    return null;
  }
  const derived = derivedName(type.name);
  if (derived !== null) return derived;
  const why = looksMinified(plainName(type.name)) ? ' (looks minified)' : '';
  mistakes.add(
    null,
    `its name ${show(type.name)}${why} gives no safe id: it may change with the next build`,
    `Write an explicit id: ${form}`,
  );
  return null;
}

/** A name that a class's own gives, the same in the next build; null: none that is safe. */
export function derivedName(className: string): string | null {
  const plain = plainName(className);
  const derived = kebabCase(plain);
  return !looksMinified(plain) && derived.length <= LONGEST && ID_SHAPE.test(derived) ? derived : null;
}

/** Undoes what build tools add to class names: `_OrderWorker` (esbuild), `OrderWorker$1` (Rollup). */
function plainName(name: string): string {
  return name.replace(/^_+/, '').replace(/\$\d+$/, '');
}

/** Whether a minifier may have made the name: it is tiny, or no word stands in it. */
function looksMinified(name: string): boolean {
  if (name.length <= 2) return true;
  if (name.length === 3) return !/^[A-Z][a-z]+$/.test(name);
  return name.includes('$') || !/[A-Za-z]{3}/.test(name);
}

/** `OrderWorker` → `order-worker`, `HTTPWorker` → `http-worker`, `Order2Worker` → `order2-worker`. */
function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}
