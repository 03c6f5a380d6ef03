/** What a thrown value says of itself, whatever it is: reading it may throw. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'something that cannot be read was thrown';
  }
}
