import type { WorkerClass } from '../lib/entries/index.js';

/** Each method of the class and of those it extends, as the class has it. */
export function* methodsOf(type: WorkerClass): Generator<readonly [string, object]> {
  const names = new Set<string>();
  for (
    let prototype = type.prototype as object | null;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null
  )
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
      if (names.has(name) || name === 'constructor' || typeof value !== 'function') continue;
      names.add(name);
      yield [name, value as object];
    }
}
