import {
  selectDueById,
  selectOutlook,
  selectOwners,
  selectRunningOf,
  promoteTimers,
} from '../../../../lib/adapters/sqlite/claims.js';
import {
  insertGuardedCheckpoint,
  selectCheckpointAt,
} from '../../../../lib/adapters/sqlite/checkpoint-table.js';
import { releaseExecution, selectWakingMessage } from '../../../../lib/adapters/sqlite/commits.js';
import { selectBatchOfItem, selectNewestBatch } from '../../../../lib/adapters/sqlite/batches.js';
import type { Connection } from '../../../../lib/adapters/sqlite/connection.js';
import { executionColumns } from '../../../../lib/adapters/sqlite/execution-row.js';
import { selectAhead, selectAtGate, selectInstance } from '../../../../lib/adapters/sqlite/instances.js';
import { selectJournal } from '../../../../lib/adapters/sqlite/journals.js';
import { checkpointTables } from '../../../../lib/adapters/sqlite/checkpoint-place.js';
import { selectNextMail, selectOpenWaits } from '../../../../lib/adapters/sqlite/mailboxes.js';
import { migrate } from '../../../../lib/adapters/sqlite/migrate.js';
import {
  insertUsualExecutionGuarded,
  selectLastNumber,
} from '../../../../lib/adapters/sqlite/execution-rows.js';
import {
  selectFirstLane,
  selectLaneAfter,
  selectReadyOfLane,
} from '../../../../lib/adapters/sqlite/ready-lanes.js';
import { selectNextInQueue } from '../../../../lib/adapters/sqlite/gate-rows.js';
import { selectFiredBehindGates, selectUnseenCancel } from '../../../../lib/adapters/sqlite/gates.js';
import { selectOpenDefinitions, selectSignals } from '../../../../lib/adapters/sqlite/registry.js';
import {
  countSessionSlice,
  selectSessionReach,
  selectSessionSlice,
} from '../../../../lib/adapters/sqlite/queries.js';
import {
  selectCancelToHandOn,
  selectFirstSession,
  selectOpenOfSession,
  selectSessionAfter,
  updateRoot,
} from '../../../../lib/adapters/sqlite/sessions.js';
import { completeExecutions, completeGuarded } from '../../../../lib/adapters/sqlite/usual-ends.js';
import { connect } from './file-store.js';

describe('hot statements', () => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await connect(':memory:');
    migrate(connection);
  });
  afterAll(() => connection.close());

  const plan = (sql: string): string[] => {
    const parameters = Array.from(sql.matchAll(/\?/g), () => 1);
    const steps = connection.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(parameters);
    return steps.map(({ detail }) => detail);
  };

  it.each([
    ['the guard of a checkpoint', insertGuardedCheckpoint(1)],
    ['a checkpoint by its hash', selectCheckpointAt(1)],
    ['an execution and its number', insertUsualExecutionGuarded],
    ['a completion', completeExecutions],
    ['a completion and its inbox', completeGuarded],
    ['a release', releaseExecution],
    ['the look for a waking message', selectWakingMessage],
    ['the journal', selectJournal],
    ['the last number', selectLastNumber],
    ['the first lane', selectFirstLane],
    ['the next lane', selectLaneAfter],
    ['the head of a lane', selectReadyOfLane],
    ['the outlook', selectOutlook],
    ['the owners', selectOwners],
    ['what an owner runs', selectRunningOf],
    ['the timers', promoteTimers],
    ['an execution by id', selectDueById],
    ['the signals', selectSignals],
    ['the first in the queue of a gate', selectNextInQueue],
    ['a cancel that waits', selectUnseenCancel],
    ['an instance', selectInstance],
    ['what an instance has ahead', selectAhead],
    ['who waits at a mailbox', selectOpenWaits],
    ['what it comes from', updateRoot],
    ['a cancel to hand on', selectCancelToHandOn],
    ['the first session', selectFirstSession],
    ['the next session', selectSessionAfter],
    ['what is open in a session', selectOpenOfSession],
    ['a slice of a session', selectSessionSlice],
    ['how far a slice of a session reaches', selectSessionReach],
    ['the counts of a session', countSessionSlice],
    ['the next event of a mailbox', selectNextMail],
    ['who has an event', selectBatchOfItem],
    ['who collects under a name', selectNewestBatch],
  ])('%s never scans a table and never sorts', (_name, sql) => {
    const steps = plan(sql);
    expect(steps.filter((step) => /^SCAN (holdfast_|e\b|m\b|p\b)/.test(step) && !/INDEX/.test(step))).toEqual(
      [],
    );
    expect(steps.filter((step) => /TEMP B-TREE FOR ORDER BY/.test(step))).toEqual([]);
  });

  it.each([
    ['the first lane', 'holdfast_execution_ready', selectFirstLane],
    ['the next lane', 'holdfast_execution_ready', selectLaneAfter],
    ['the head of a lane', 'holdfast_execution_ready', selectReadyOfLane],
    ['what an owner runs', 'holdfast_execution_running', selectRunningOf],
    ['the signals', 'holdfast_execution_running', selectSignals],
    ['the timers', 'holdfast_execution_idle', promoteTimers],
    ['what timers have led to gates', 'holdfast_execution_idle', selectFiredBehindGates],
    ['the first in the queue of a gate', 'holdfast_place_queue', selectNextInQueue],
    ['who is in a gate', 'holdfast_place_inside', selectAtGate],
    ['who queues at a gate', 'holdfast_place_queue', selectAtGate],
    ['who waits at a mailbox', 'holdfast_wait_open', selectOpenWaits],
    ['the first session', 'holdfast_execution_session_open', selectFirstSession],
    ['the next session', 'holdfast_execution_session_open', selectSessionAfter],
    ['what is open in a session', 'holdfast_execution_session_open', selectOpenOfSession],
    ['a slice of a session', 'holdfast_execution_session (', selectSessionSlice],
    ['how far a slice of a session reaches', 'holdfast_execution_session (', selectSessionReach],
    ['the counts of a session', 'holdfast_execution_session (', countSessionSlice],
    ['the next event of a mailbox', 'holdfast_mail_box', selectNextMail],
    ['who has an event', 'holdfast_message_item', selectBatchOfItem],
    ['who collects under a name', 'holdfast_batch_name', selectNewestBatch],
    ['a checkpoint by its hash', 'holdfast_checkpoint_1 USING INTEGER PRIMARY KEY', selectCheckpointAt(1)],
  ])('%s is found by %s', (_name, index, sql) => {
    expect(plan(sql).join('\n')).toContain(index);
  });

  it('a journal is read from each table of checkpoints by its place', () => {
    const steps = plan(selectJournal).filter((step) => /^(SEARCH|SCAN)/.test(step));
    expect(steps).toEqual(
      checkpointTables.map((table) =>
        expect.stringMatching(`^SEARCH holdfast_checkpoint_${table} USING INTEGER PRIMARY KEY`),
      ),
    );
  });

  it('the value of an execution that a checkpoint has is read from each table by its place', () => {
    const steps = plan(`SELECT ${executionColumns} FROM holdfast_execution AS e WHERE e.id = ?`);
    const found = steps.filter((step) => step.includes('holdfast_checkpoint_'));
    expect(found).toEqual(
      checkpointTables.map((table) =>
        expect.stringMatching(`^SEARCH holdfast_checkpoint_${table} USING INTEGER PRIMARY KEY`),
      ),
    );
  });

  it('open definitions are read from the partial indexes alone', () => {
    const steps = plan(selectOpenDefinitions).filter((step) => / e\b/.test(step));
    expect(steps).not.toEqual([]);
    expect(steps.filter((step) => !/INDEX holdfast_execution_(ready|running|idle)/.test(step))).toEqual([]);
  });
});
