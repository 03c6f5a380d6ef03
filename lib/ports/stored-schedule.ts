/** A schedule as it was last written. */
export interface StoredSchedule {
  readonly id: string;
  readonly version: string;
  readonly state: string;
}

/** A schedule as a process declares it. */
export interface ScheduleRef {
  readonly id: string;
  readonly print: string;
}
