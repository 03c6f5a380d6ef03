/** The signal of one body. Most bodies never ask for it. */
export class StopSignal {
  private controller: AbortController | null = null;
  private abortedFor: { readonly reason: unknown } | null = null;

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.abortedFor !== null) this.controller.abort(this.abortedFor.reason);
    }
    return this.controller.signal;
  }

  /** The first reason counts. */
  abort(reason: unknown): void {
    this.abortedFor ??= { reason: reason ?? undefined };
    this.controller?.abort(this.abortedFor.reason);
  }
}
