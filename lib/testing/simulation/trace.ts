/** What happened in a run, line by line: two runs are equal when their digests are. */
export class Trace {
  readonly lines: string[] = [];
  private hash = 0x811c9dc5;
  private count = 0;

  /** Keeps the lines themselves only when asked to. */
  constructor(private readonly keep: boolean) {}

  add(line: string): void {
    for (let at = 0; at < line.length; at++)
      this.hash = Math.imul(this.hash ^ line.charCodeAt(at), 0x01000193);
    this.count++;
    if (this.keep) this.lines.push(line);
  }

  get digest(): string {
    return `${this.count}:${(this.hash >>> 0).toString(16)}`;
  }
}
