/** A request, whatever server took it. */
export interface Inbound {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Null: absent. Several of one name are one text with commas. */
  header(name: string): string | null;
  /** Of who sent it, or of the last proxy before this server; null: the server does not tell. */
  readonly address: string | null;
  /** Whether it came from this machine, and from no proxy on it, as far as the server can tell. */
  readonly isFromHere: boolean;
  /** What a guard is asked about: the request without its body. */
  guarded(): Request;
  /** Reads the body once; rejects with `Refusal`. */
  body(limitBytes: number): BodyRead;
}

/** A body that is being read. */
export interface BodyRead {
  readonly bytes: Promise<Uint8Array>;
  /** Reads no further. */
  stop(): void;
}

const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** Whether a proxy says that it passed the request on. */
export function isForwarded(header: (name: string) => string | null): boolean {
  return forwarding.some((name) => header(name) !== null);
}

/** Whether the name of a host is this machine's. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}

/** Gathers the pieces of a body and refuses the one that is too much. */
export function gather(pieces: Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
