/** Whether the holder is the one that is named, or below it. */
export function isWithin(holder: string, named: string): boolean {
  return holder === named || holder.startsWith(`${named}/`);
}
