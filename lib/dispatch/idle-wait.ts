/** Those that wait until nothing runs any more. */
export class IdleWait {
  private isIdle: () => boolean = () => true;
  private waiting: (() => void)[] = [];

  /** Resolves as soon as `isIdle` is true at a call of `tell`, or is true already. */
  async until(isIdle: () => boolean): Promise<void> {
    this.isIdle = isIdle;
    if (!isIdle()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Something ended. `isIdle`: from now on this is what counts. */
  tell(isIdle = this.isIdle): void {
    this.isIdle = isIdle;
    if (this.waiting.length === 0 || !isIdle()) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
