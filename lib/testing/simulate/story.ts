import type { ExecutionId } from '../../model/ids.js';
import type { LifecycleEvent } from '../../model/lifecycle-event.js';
import { messageOf } from '../../model/message-of.js';
import { namesOf } from '../../model/path.js';
import type { Frame } from '../../step/frame.js';
import type { Machine } from '../simulation/machine.js';
import type { RecordModel } from '../simulation/record-model.js';
import type { VirtualTime } from '../simulation/virtual-time.js';
import { shown } from './shown-value.js';

/** What a machine notes of each call to the store; those that went well are left out. */
const CALL = /^(\w+) (answered|refused|reply-lost|late)$/;
const SENTENCES: Readonly<Record<string, string>> = {
  refused: 'was refused',
  'reply-lost': 'was applied, but not answered',
  late: 'was given up, and applied afterwards',
};

/** What happened in a run, as a person reads it. */
export class Story {
  readonly lines: string[] = [];
  private readonly labels = new Map<string, string>();

  constructor(
    private readonly time: () => VirtualTime,
    private readonly model: () => RecordModel,
    /** Position in the list of events of the one with that id; null: it is none of them. */
    private readonly indexOf: (session: string | null, eventId: string) => number | null,
  ) {}

  add(process: string, text: string): void {
    const at = (this.time().elapsed / 1_000).toFixed(3);
    this.lines.push(`${at.padStart(9)} s  ${process.padEnd(6)} ${text}`);
  }

  /** What a machine noted. */
  machine(machine: Machine, line: string): void {
    const call = CALL.exec(line);
    if (call === null) this.add(machine.name, line);
    else if (call[2] !== 'answered')
      this.add(machine.name, `store: ${String(call[1])} ${SENTENCES[call[2] as string] ?? ''}`);
  }

  /** What the engine told. */
  event(machine: Machine, event: LifecycleEvent): void {
    const text = this.textOf(event);
    if (text !== null) this.add(machine.name, text);
  }

  /** What a body did. */
  body(machine: Machine, frame: Frame, text: string): void {
    this.add(machine.name, `${namesOf(frame.path)} ${this.numberOf(frame.pass.record.id)}: ${text}`);
  }

  /** `fulfil #2`: the handler, and the number of the event in the list. */
  labelOf(id: string): string {
    const definition = this.model().records.get(id as ExecutionId)?.definition ?? '';
    return `${definition.slice(definition.lastIndexOf('.') + 1)} ${this.numberOf(id)}`;
  }

  /** Ids in a text become labels. */
  labelled(text: string): string {
    let labelled = text;
    for (const id of this.model().records.keys()) labelled = labelled.replaceAll(id, this.labelOf(id));
    return labelled;
  }

  private textOf(event: LifecycleEvent): string | null {
    switch (event.name) {
      case 'app.started':
        return 'started';
      case 'execution.started':
        return `${this.labelOf(event.executionId)} ${event.resumed ? 'goes on' : 'begins'}${attemptOf(event)}`;
      case 'execution.waiting':
        return `${this.labelOf(event.executionId)} waits (${event.reason})`;
      case 'execution.completed':
      case 'execution.cancelled':
      case 'execution.skipped':
        return `${this.labelOf(event.executionId)} ${event.name.slice(10)}`;
      case 'execution.isolated':
        return `${this.labelOf(event.executionId)} runs alone: claim ${event.claims} without a commit`;
      case 'execution.failed':
      case 'execution.parked':
        return `${this.labelOf(event.executionId)} ${event.name.slice(10)}: ${messageOf(event.error)}`;
      case 'step.started':
        return `${event.step} ${this.numberOf(event.executionId)} begins${attemptOf(event)}`;
      case 'step.completed':
        return `${event.step} ${this.numberOf(event.executionId)} is stored`;
      case 'step.skipped':
        return `${event.step} ${this.numberOf(event.executionId)} is skipped`;
      case 'step.compensated':
        return `${event.step} ${this.numberOf(event.executionId)} is undone`;
      case 'step.failed':
        return `${event.step} ${this.numberOf(event.executionId)} failed: ${shown(messageOf(event.error))}`;
      default:
        return null;
    }
  }

  private numberOf(id: string): string {
    const known = this.labels.get(id);
    if (known !== undefined) return known;
    const event = this.model().records.get(id as ExecutionId)?.event;
    const index = event === undefined ? null : this.indexOf(event.session, event.id);
    const children = [...this.labels.values()].filter((label) => label.startsWith('child')).length;
    const label = index === null ? `child ${children + 1}` : `#${index + 1}`;
    if (event !== undefined) this.labels.set(id, label);
    return label;
  }
}

function attemptOf({ attempt }: { readonly attempt: number }): string {
  return attempt === 1 ? '' : ` (attempt ${attempt})`;
}
