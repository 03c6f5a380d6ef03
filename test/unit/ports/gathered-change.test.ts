import type { ExecutionId } from '../../../lib/model/ids.js';
import { changeOf, GatheredChange, mereWork } from '../../../lib/ports/gathered-change.js';
import type { Verdict, Write } from '../../../lib/ports/store-write.js';
import { checkpoint, ending } from '../adapters/sqlite/file-store.js';

const ids = (count: number) => Array.from({ length: count }, (_, at) => `x-${at}` as ExecutionId);
const lease = (executionId: string) =>
  ({ executionId: executionId as ExecutionId, key: 1, owner: 'p1', fence: 1 }) as Parameters<
    typeof ending
  >[0];
const ok: Verdict = { verdict: 'ok' };

test('it has what was told since it was last taken, each id once, and nothing twice', () => {
  const gathered = new GatheredChange();
  gathered.add({ settled: ids(2), declared: false });
  gathered.add({ settled: ids(3), declared: true });
  expect(gathered.take()).toEqual({ settled: ids(3), declared: true });
  expect(gathered.take()).toEqual(mereWork);
});

test('of more than a thousand any may be settled, and so it stays until it is taken', () => {
  const gathered = new GatheredChange();
  gathered.add({ settled: ids(1_000), declared: false });
  expect(gathered.take().settled).toHaveLength(1_000);
  gathered.add({ settled: ids(1_001), declared: false });
  gathered.add({ settled: ids(1), declared: false });
  expect(gathered.take()).toEqual({ settled: 'unknown', declared: false });
  gathered.add({ settled: ids(1), declared: false });
  expect(gathered.take().settled).toEqual(ids(1));
});

test('of a group, what was stored counts: ends and parks, and schedules', () => {
  const schedule: Write = {
    kind: 'schedule',
    id: 's',
    expected: null,
    version: '1',
    state: null,
    event: null,
  };
  const writes = [
    ending(lease('a'), 1),
    ending(lease('b'), 1, { status: 'parked' }),
    ending(lease('c'), 1, { status: 'waiting' }),
    ending(lease('d'), 1, { status: 'failed' }),
    ending(lease('e'), 1),
    checkpoint(lease('f'), 1),
  ];
  const verdicts: Verdict[] = [ok, ok, ok, { verdict: 'already' }, { verdict: 'stale' }, ok];
  expect(changeOf(writes, verdicts)).toEqual({ settled: ['a', 'b', 'd'], declared: false });
  expect(changeOf([schedule], [ok]).declared).toBe(true);
  expect(changeOf([schedule], [{ verdict: 'rejected', reason: 'schedule-changed' }]).declared).toBe(false);
});
