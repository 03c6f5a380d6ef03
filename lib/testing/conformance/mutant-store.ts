import type { MemoryExecution } from '../../adapters/memory/memory-state.js';
import { MemoryStore } from '../../adapters/memory/memory-store.js';
import type { MessageKind } from '../../model/execution.js';
import type { ExecutionId } from '../../model/ids.js';
import type { Change, ClaimAnswer, ClaimRequest, Store } from '../../ports/store.js';
import type { CommitWrite, PublishWrite, Verdict, Write } from '../../ports/store-write.js';

/** A store with one planted bug. A suite that passes it proves nothing. */
export interface MutantStore {
  /** The bug, as one would report it. */
  readonly bug: string;
  readonly make: () => Store;
}

export type Writes = readonly Write[];
export type Verdicts = readonly Verdict[];

/** A memory store whose writes, claims and tellings pass through a bug. */
export function mutant(
  bug: string,
  plant: (store: MemoryStore) => {
    readonly write?: (writes: Writes, apply: (writes: Writes) => Promise<Verdicts>) => Promise<Verdicts>;
    readonly claim?: (
      request: ClaimRequest,
      take: (request: ClaimRequest) => Promise<ClaimAnswer>,
    ) => Promise<ClaimAnswer>;
    readonly change?: (change: Change) => Change;
  },
): MutantStore {
  const make = () => {
    const store = new MemoryStore({});
    const { write, claim, change } = plant(store);
    const apply = store.write.bind(store);
    const take = store.claim.bind(store);
    const listen = store.onChange.bind(store);
    if (write !== undefined) store.write = (writes) => write(writes, apply);
    if (claim !== undefined) store.claim = (request) => claim(request, take);
    if (change !== undefined) store.onChange = (listener) => listen((told) => listener(change(told)));
    return store;
  };
  return { bug, make };
}

/** Applies each write by itself, changed by `change` first. */
export function each(change: (write: Write) => Write | Promise<Write>) {
  return async (writes: Writes, apply: (writes: Writes) => Promise<Verdicts>) => {
    const verdicts: Verdict[] = [];
    for (const write of writes) verdicts.push(...(await apply([await change(write)])));
    return verdicts;
  };
}

/** Changes verdicts after the write. */
export function answering(answer: (write: Write, verdict: Verdict) => Verdict) {
  return async (writes: Writes, apply: (writes: Writes) => Promise<Verdicts>) => {
    const verdicts = await apply(writes);
    return verdicts.map((verdict, i) => {
      const write = writes[i];
      return write === undefined ? verdict : answer(write, verdict);
    });
  };
}

export function commitChange(change: (commit: CommitWrite) => CommitWrite | Promise<CommitWrite>) {
  return each((write) => (write.kind === 'commit' ? change(write) : write));
}

export function publishChange(change: (publish: PublishWrite) => PublishWrite): ReturnType<typeof each> {
  return each((write) => (write.kind === 'publish' ? change(write) : write));
}

/** The record as it is now, through the store's own state. */
export function recordOf(store: MemoryStore, id: ExecutionId) {
  return store.getState().executions.find(({ record }) => record.id === id)?.record;
}

/** Rewrites one execution where the store holds it. */
export function rewrite(
  store: MemoryStore,
  id: ExecutionId,
  change: (execution: MemoryExecution) => MemoryExecution,
): void {
  const state = store.getState();
  const executions = state.executions.map((execution) =>
    execution.record.id === id ? change(execution) : execution,
  );
  store.setState({ ...state, executions });
}

export function listen(store: MemoryStore, id: ExecutionId, listening: readonly MessageKind[]): void {
  rewrite(store, id, (execution) => ({ ...execution, record: { ...execution.record, listening } }));
}
