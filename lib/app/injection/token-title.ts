/** A token as mistakes name it. */
export function tokenTitle(token: unknown): string {
  if (typeof token === 'function') return token.name === '' ? '(class without a name)' : token.name;
  return typeof token === 'string' ? `'${token}'` : String(token);
}
