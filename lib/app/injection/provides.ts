/** Whether one of the providers, which nobody has checked yet, is of that token. */
export function provides(providers: unknown, token: symbol): boolean {
  if (!Array.isArray(providers)) return false;
  const given: readonly unknown[] = providers;
  return given.some(
    (one) => typeof one === 'object' && one !== null && 'provide' in one && one.provide === token,
  );
}
