import { digestOf } from './digest.js';

/** Up to this many different calls, comparing is faster than an index. */
const COMPARED = 8;

/** Calls with that name and digest. */
class EqualCalls {
  count = 0;

  constructor(
    readonly encodedName: string,
    readonly digest: string,
    readonly earlier: EqualCalls | null,
  ) {}
}

/** What one body called so far: names its calls apart. */
export class MadeCalls {
  private last: EqualCalls | null = null;
  private size = 0;
  private index: Map<string, EqualCalls> | null = null;
  /** Calls of one body often have the same arguments: the newest ones, and their digest. */
  private digested = '';
  private digest = '';

  /** The digest of a call's encoded arguments. */
  digestOf(text: string): string {
    if (text !== this.digested) {
      this.digest = digestOf(text);
      this.digested = text;
    }
    return this.digest;
  }

  /** How many calls with that name and digest came before this one. */
  ordinal(encodedName: string, digest: string): number {
    return this.equals(encodedName, digest).count++;
  }

  private equals(encodedName: string, digest: string): EqualCalls {
    if (this.index !== null) return this.indexed(this.index, encodedName, digest);
    for (let calls = this.last; calls !== null; calls = calls.earlier)
      if (calls.encodedName === encodedName && calls.digest === digest) return calls;
    return this.added(encodedName, digest);
  }

  private indexed(index: Map<string, EqualCalls>, encodedName: string, digest: string): EqualCalls {
    const key = keyOf(encodedName, digest);
    let calls = index.get(key);
    if (calls === undefined) {
      calls = new EqualCalls(encodedName, digest, null);
      index.set(key, calls);
    }
    return calls;
  }

  private added(encodedName: string, digest: string): EqualCalls {
    const added = new EqualCalls(encodedName, digest, this.last);
    this.last = added;
    if (++this.size > COMPARED) this.index = indexOf(added);
    return added;
  }
}

function indexOf(last: EqualCalls): Map<string, EqualCalls> {
  const index = new Map<string, EqualCalls>();
  for (let calls: EqualCalls | null = last; calls !== null; calls = calls.earlier)
    index.set(keyOf(calls.encodedName, calls.digest), calls);
  return index;
}

/** No encoded name contains `~`. */
function keyOf(encodedName: string, digest: string): string {
  return `${encodedName}~${digest}`;
}
