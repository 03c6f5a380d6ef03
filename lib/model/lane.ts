/** The lane in which an execution is served: its session's, or its handler's where it has none. Lanes are served in turn. */
export function laneOf(session: string | null, definitionId: string): string {
  return session === null ? `d:${definitionId}` : `s:${session}`;
}
