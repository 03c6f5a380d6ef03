import type { Frame } from '../../step/frame.js';
import { turnId } from '../../step/turn-id.js';
import { isPartOfUndo } from '../../step/undo-rows.js';
import type { RecordModel } from './record-model.js';

/** Checks each start of a body, and each value that user code was given, against what was stored before. */
export class BodyWatch {
  /** Bodies started. */
  bodies = 0;
  private readonly starts = new Map<string, { readonly fences: Set<number>; count: number }>();
  private readonly values = new Map<string, string>();
  /** Calls whose result user code got: in which epoch, under which fence. */
  private readonly reports = new Map<string, { readonly epoch: number; readonly fence: number }>();

  constructor(
    private readonly model: RecordModel,
    private readonly violated: (rule: string, what: string) => void,
  ) {}

  /** A body of a step begins. `once`: its step runs at most once. */
  started(frame: Frame, once: boolean): void {
    this.bodies++;
    const { record, lease } = frame.pass;
    const known = this.model.records.get(record.id);
    const call = `${record.id} ${frame.path} (attempt ${frame.attempt}, scope ${frame.scope}, fence ${lease.fence})`;
    if (known === undefined)
      return this.violated('I1', `${call} began, but its execution was never accepted`);
    if (known.fence !== lease.fence || known.status !== 'running')
      this.violated('G5', `${call} began, but the execution is ${known.status} at fence ${known.fence}`);
    for (const { checkpoint, fence } of known.rows.values())
      if (checkpoint.kind === 'completed' && checkpoint.path === frame.path && fence <= lease.fence)
        this.violated('I4', `${call} began again: its result is stored since fence ${fence}`);
    const report = this.reports.get(`${turnId(record)} ${frame.path}`);
    if (report !== undefined && report.epoch === record.epoch && report.fence < lease.fence)
      this.violated('I3', `${call} began again: user code had its result under fence ${report.fence}`);
    if (known.mustEnd && !isPartOfUndo(frame.path))
      this.violated('cancel', `${call} began, but its execution was claimed after a cancel`);
    this.countStart(
      `${turnId(record)} ${record.epoch} ${frame.path} ${frame.scope}`,
      lease.fence,
      known.claims,
      call,
    );
    if (once && this.count(`once ${turnId(record)} ${record.epoch} ${frame.path}`, lease.fence) > 1)
      this.violated('I14', `${call} began again: it runs at most once`);
  }

  /** User code was given the value of the call at that path: its body never runs again. */
  reported(frame: Frame, path: string): void {
    const { record, lease } = frame.pass;
    this.reports.set(`${turnId(record)} ${path}`, { epoch: record.epoch, fence: lease.fence });
  }

  /** User code was given a value: every pass of the epoch gives the same. `site` names the place in the program. */
  settled(frame: Frame, site: string, encoded: string): void {
    const name = `${turnId(frame.pass.record)} ${frame.pass.record.epoch} ${site}`;
    const before = this.values.get(name);
    if (before === undefined) this.values.set(name, encoded);
    else if (before !== encoded) this.violated('I16', `${name} gave ${before}, then ${encoded}`);
  }

  private countStart(attempt: string, fence: number, claims: number, call: string): void {
    const before = this.starts.get(attempt);
    if (before?.fences.has(fence)) this.violated('G5', `${call} began twice under one claim`);
    if (this.count(attempt, fence) > claims)
      this.violated('I8', `${call} began more often than its execution was claimed (${claims})`);
  }

  private count(name: string, fence: number): number {
    let starts = this.starts.get(name);
    if (starts === undefined) this.starts.set(name, (starts = { fences: new Set(), count: 0 }));
    starts.fences.add(fence);
    return ++starts.count;
  }
}
