/** What docs/metrics.md uses of prom-client, which is no dependency of the repository. */
declare module 'prom-client' {
  type Labels = Readonly<Partial<Record<string, string | number>>>;

  interface Configuration {
    readonly name: string;
    readonly help: string;
    readonly labelNames?: readonly string[];
  }

  export class Counter {
    constructor(configuration: Configuration);
    inc(labels: Labels, value?: number): void;
  }

  export class Gauge {
    constructor(configuration: Configuration);
    set(labels: Labels, value: number): void;
  }

  export class Histogram {
    constructor(configuration: Configuration & { readonly buckets?: readonly number[] });
    observe(labels: Labels, value: number): void;
  }
}
