import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LifecycleBus } from '../../lib/app/telemetry/lifecycle-bus.js';
import { measureLifecycle } from '../../lib/app/telemetry/telemetry.js';
import type { LifecycleEvent } from '../../lib/model/lifecycle-event.js';
import type { ExecutionId } from '../../lib/model/ids.js';
import type { MetricTags } from '../../lib/ports/metrics.js';

const error = new Error('no');
const at = 2;
const ofExecution = { executionId: 'e' as ExecutionId, worker: 'w', handler: 'h', session: 's', at };
const ofStep = { ...ofExecution, step: 'h/s', attempt: 1 };
const ofSchedule = { worker: 'w', handler: 'h', scheduledAt: 1, at };

/** One of each that is measured, with all that it may hold. */
const events: readonly LifecycleEvent[] = [
  { ...ofExecution, name: 'execution.accepted', event: 'placed' },
  { ...ofExecution, name: 'execution.started', attempt: 1, resumed: false },
  { ...ofExecution, name: 'execution.waiting', reason: 'retry', until: 3, attempt: 1, error },
  { ...ofExecution, name: 'execution.completed', attempt: 1, durationMs: 1 },
  { ...ofStep, name: 'execution.failed', error, durationMs: 1 },
  { ...ofExecution, name: 'execution.cancelled' },
  { ...ofStep, name: 'execution.parked', error },
  { ...ofExecution, name: 'execution.skipped' },
  { ...ofExecution, name: 'execution.isolated', claims: 3 },
  { ...ofStep, name: 'step.completed', durationMs: 1 },
  { ...ofStep, name: 'step.failed', error, durationMs: 1 },
  { ...ofStep, name: 'step.retried', error, nextAt: 3 },
  { ...ofSchedule, name: 'schedule.tick', executionId: 'e' as ExecutionId },
  { ...ofSchedule, name: 'schedule.skipped', reason: 'overlap' },
  { name: 'event.unhandled', event: 'placed', eventId: 'e', at },
  { name: 'app.recovered', count: 1, at },
  { name: 'http.refused', path: '/', surface: 'events', reason: 'guard', count: 1, at },
  { name: 'app.fault', task: 'sweep', error, at },
  { name: 'app.misfit', worker: 'w', message: 'no', executions: [], count: 1, at },
  { name: 'store.written', writes: 1, durationMs: 1, at },
];

test('the table of docs/metrics.md has every metric, with its kind and its tags', () => {
  const found = new Map<string, string>();
  const told = (kind: string) => (name: string, tags: MetricTags) =>
    void found.set(name, `${kind}: ${Object.keys(tags).sort().join(', ')}`);
  const bus = new LifecycleBus(() => {});
  measureLifecycle(bus, () => ({
    increment: told('counter'),
    timing: told('timing'),
    gauge: told('gauge'),
  }));
  for (const event of events) bus.emit(event);

  const page = readFileSync(join(__dirname, '../../docs/metrics.md'), 'utf8');
  const rows = page.matchAll(/^\| `(holdfast\.[\w.]+)` \| (\w+) \| ([\w, ]*?) ?\|/gm);
  const written = new Map(
    Array.from(rows, ([, name = '', kind = '', tags = '']) => [
      name,
      `${kind}: ${tags.split(', ').sort().join(', ').trim()}`,
    ]),
  );
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(found));
});
