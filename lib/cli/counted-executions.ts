/** `no executions`, `1 execution`, `2 executions`. */
export function countedExecutions(count: number): string {
  return count === 1 ? '1 execution' : `${count === 0 ? 'no' : count} executions`;
}
