/** A copy of plain JSON data that shares nothing with it. */
export function plainCopy<T>(data: T): T {
  return JSON.parse(JSON.stringify(data)) as T;
}
