import type { Run } from '../engine/work.js';
import { namesOf } from '../model/path.js';
import { Frame } from '../step/frame.js';
import type { Pass } from '../step/pass.js';
import type { SimulatedProcess } from './simulated-process.js';

/** User code that runs and does not wait for a durable call of its own: what it waits for lies outside the engine. */
export interface RunningBody {
  /** The body, the pass that has not got to one yet, or the question that the store has not answered. */
  readonly identity: object;
  /** `order-worker.charge (execution …)`. */
  readonly title: string;
}

/** The bodies of all processes that are not paused. */
export function runningBodies(processes: Iterable<SimulatedProcess>): readonly RunningBody[] {
  const found: RunningBody[] = [];
  for (const process of processes) {
    if (process.condition !== 'running') continue;
    const [question] = process.asking;
    if (question !== undefined) found.push({ identity: question, title: 'the store' });
    for (const run of process.runtime?.consumer.current ?? []) found.push(...bodiesOf(run));
  }
  return found;
}

function bodiesOf({ pass }: Run): readonly RunningBody[] {
  if (pass.ended !== null) return [];
  if (pass.live.size === 0) return [{ identity: pass, title: titleOf(pass, pass.handler.method) }];
  const bodies: RunningBody[] = [];
  for (const body of pass.live) {
    if (body.isDead || body.outstanding > 0 || !(body instanceof Frame)) continue;
    const step = namesOf(body.path).split('/').at(-1) ?? '';
    bodies.push({ identity: body, title: titleOf(pass, step) });
  }
  return bodies;
}

function titleOf(pass: Pass, name: string): string {
  const step = name.includes('.') ? name : `${pass.worker.id}.${name}`;
  return `${step} (execution ${pass.record.id})`;
}
