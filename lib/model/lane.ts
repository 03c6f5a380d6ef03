/** The lane of executions of a handler that share a value of its limit's key. */
export function keyLaneOf(definitionId: string, key: string): string {
  return `k:${definitionId}\n${key}`;
}

/** The lane in which an execution is served: its session's, or its handler's where it has none. Lanes are served in turn. */
export function laneOf(session: string | null, definitionId: string): string {
  return session === null ? `d:${definitionId}` : `s:${session}`;
}
