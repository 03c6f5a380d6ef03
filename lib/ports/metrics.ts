/** Few values each: names of workers and steps, never ids. */
export type MetricTags = Readonly<Record<string, string | number | boolean>>;

/** Where counters go. One that throws disturbs nothing. Names: `docs/metrics.md`. */
export interface Metrics {
  /** Adds `value` (default 1) to a counter. */
  increment(name: string, tags: MetricTags, value?: number): void;
  /** Records an interval from its start and end, both epoch ms. */
  timing(name: string, tags: MetricTags, interval: readonly [startMs: number, endMs: number]): void;
  /** Sets a level. */
  gauge(name: string, tags: MetricTags, value: number): void;
}
