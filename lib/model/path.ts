/**
 * Paths name calls of steps within an execution: `fulfil/charge~1xQ…/authorize~9aB…~2`. A segment is the step's name,
 * the digest of its arguments and, from the second equal call on, its ordinal. Paths are compared whole, never by prefix.
 */
const EVERY_SPECIAL = /[%/~!\u0000-\u001f\u007f\ud800-\udfff]/g;
/** What most names are made of: looking at each character costs a quarter of asking a regular expression. */
const isUsual: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
  /[\w.$ -]/.test(String.fromCharCode(code)),
);

/**
 * Called with `call`: V8 has a dozen forms of text inside, and where more than four have come by it looks a method up at each call.
 */
// oxlint-disable-next-line typescript/unbound-method -- called on texts
const { charCodeAt } = String.prototype;

/** Encodes a name so that no two names meet and none can pose as a path. */
export function encodeName(name: string): string {
  const { length } = name;
  for (let at = 0; at < length; at++)
    if (isUsual[charCodeAt.call(name, at)] !== true)
      return name.replace(EVERY_SPECIAL, (c) => `%${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return name;
}

/** The name that `encodeName` was given. */
export function decodeName(encoded: string): string {
  return encoded.replace(/%([0-9a-f]{4})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The segment of the `ordinal`-th (from 0) call with that name and digest. */
export function segment(encodedName: string, digest: string, ordinal: number): string {
  const base = digest === '' ? encodedName : `${encodedName}~${digest}`;
  return ordinal === 0 ? base : `${base}~${ordinal}`;
}

/** Prefix of the segments that the engine names itself (`%sleep`): no encoded name of a user begins like that. */
export const BUILT_IN = '%';

/** The names of a path without digests and ordinals, as `steps()` shows them. */
export function namesOf(path: string): string {
  return path
    .split('/')
    .map(nameIn)
    .map((name) => (isBuiltIn(name) ? name.slice(1) : decodeName(name)))
    .join('/');
}

/** The name of each segment; null for one that the engine named. */
export function namesIn(path: string): readonly (string | null)[] {
  return path.split('/').map((part) => {
    const name = nameIn(part);
    return isBuiltIn(name) ? null : decodeName(name);
  });
}

/** The path with other names for its steps: digests and ordinals stay. */
export function renamed(path: string, nameOf: (name: string) => string): string {
  return path
    .split('/')
    .map((part) => {
      const name = nameIn(part);
      return isBuiltIn(name) ? part : `${encodeName(nameOf(decodeName(name)))}${part.slice(name.length)}`;
    })
    .join('/');
}

/** The encoded name of the call that the path ends with. */
export function encodedNameOf(path: string): string {
  return nameIn(path.slice(path.lastIndexOf('/') + 1));
}

/** The encoded name in a segment. */
function nameIn(part: string): string {
  return part.split('~', 1)[0] as string;
}

export function isBuiltIn(encodedName: string): boolean {
  return /^%(?![0-9a-f]{4})/.test(encodedName);
}
