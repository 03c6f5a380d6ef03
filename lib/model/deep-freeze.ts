/** Freezes the value and all objects that it holds, and gives it. Typed arrays cannot be frozen. */
export function deepFreeze<Value>(value: Value): Value {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || Object.isFrozen(next) || ArrayBuffer.isView(next))
      continue;
    Object.freeze(next);
    for (const key of Reflect.ownKeys(next)) open.push(Reflect.get(next, key));
    if (next instanceof Map) for (const [key, held] of next) open.push(key, held);
    if (next instanceof Set) for (const held of next) open.push(held);
  }
  return value;
}
