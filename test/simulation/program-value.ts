import type { ValueKind } from './random-program.js';

/** The value that the call at that place of the program gives. */
export function valueAt(site: string, kind: ValueKind): unknown {
  switch (kind) {
    case 'number':
      return site.length + 0.5;
    case 'text':
      return `value of ${site}`;
    case 'undefined':
      return undefined;
    case 'null':
      return null;
    case 'date':
      return new Date(1_700_000_000_000 + site.length);
    case 'map':
      return new Map<unknown, unknown>([
        ['site', site],
        [1, new Set([site])],
      ]);
    case 'bigint':
      return 2n ** 70n + BigInt(site.length);
    case 'object':
      return { site, nested: { __proto__: null, list: [1, null, { constructor: 'x' }] } };
    case 'bytes':
      return new Uint8Array([1, 2, site.length & 255]);
  }
}
