/**
 * The timers that code of the test file sets while it is watched, and that would keep the process alive. What Node counts are also
 * the runner's own, which come and go: in one process with the tests, its reporter has one more for a tenth of each second.
 */
export class TimerWatch {
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly real = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };

  constructor() {
    for (const name of ['setTimeout', 'setInterval'] as const) {
      const set = this.real[name];
      const watched = (...args: Parameters<typeof setTimeout>): NodeJS.Timeout => {
        const timer = set(...args);
        this.timers.push(timer);
        return timer;
      };
      Object.assign(globalThis, { [name]: Object.assign(watched, set) });
    }
  }

  get armed(): number {
    // One that is over still tells what it was.
    return this.timers.filter((timer) => timer.hasRef() && Reflect.get(timer, '_destroyed') !== true).length;
  }

  stop(): void {
    Object.assign(globalThis, this.real);
  }
}
