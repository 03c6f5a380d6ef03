import { isDeepStrictEqual } from 'node:util';
import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import { StoreUnavailableError } from '../../../../lib/model/errors-store.js';
import type { ExecutionId, MessageId } from '../../../../lib/model/ids.js';
import type { Lease } from '../../../../lib/model/lease.js';
import type { CommitWrite, Verdict, Write } from '../../../../lib/ports/store-write.js';
import { SeededRandom } from '../../../../lib/testing/simulation/seeded-random.js';
import { failingDriver, noFault } from './failing-driver.js';
import { checkpoint, connect, ending, execution, FileStores, p1, publish } from './file-store.js';

const SEEDS = Array.from({ length: 12 }, (_, at) => at + 1);
const GROUPS = 20;
const MOST_WRITES = 16;

/** Numbers of executions differ between files: a write is made for each. */
type Make = (lease: (id: ExecutionId) => Lease) => Write;

/** One connection to one file, and what its publishes were answered. */
class Side {
  private readonly keys = new Map<ExecutionId, number>();

  constructor(
    readonly path: string,
    private readonly store: SqliteStore,
  ) {}

  async send(makes: readonly Make[]): Promise<readonly Verdict[]> {
    const verdicts = await this.store.write(makes.map((make) => make(this.lease)));
    for (const verdict of verdicts)
      for (const { executionId, key } of ('executions' in verdict && verdict.executions) || [])
        if (key !== null) this.keys.set(executionId, key);
    return verdicts;
  }

  /** All that it keeps of executions, but for their numbers. */
  async content(): Promise<readonly unknown[]> {
    const connection = await connect(this.path);
    const rows = contents.flatMap((sql) => connection.prepare(sql).all([]));
    connection.close();
    return rows;
  }

  private readonly lease = (id: ExecutionId): Lease => ({
    executionId: id,
    key: this.keys.get(id) ?? -1,
    owner: p1,
    fence: 1,
  });
}

const contents = [
  'SELECT e.id, e.status, e.committed, e.fence, e.seen, e.own_value, e.value_seq, p.id AS owner, d.id AS definition, v.name FROM holdfast_execution e LEFT JOIN holdfast_process p ON p.n = e.owner LEFT JOIN holdfast_definition d ON d.n = e.definition LEFT JOIN holdfast_event v ON v.n = e.event ORDER BY e.id',
  'SELECT e.id, m.seq, m.id AS message FROM holdfast_message m LEFT JOIN holdfast_execution e ON e.n = m.n ORDER BY 1, 2',
  ...[0, 1, 2, 3].map(
    (table) =>
      `SELECT e.id, c.seq, c.mark, c.key, c.value FROM holdfast_checkpoint_${table} c LEFT JOIN holdfast_execution e ON e.n = c.place >> 20 ORDER BY 1, c.key`,
  ),
];

/** Publishes, checkpoints, ends, messages and writes that are sent again, of executions that follow each other and of others. */
class Story {
  private readonly ids: ExecutionId[] = [];
  private readonly commits = new Map<ExecutionId, number>();
  private readonly past: Make[] = [];

  constructor(private readonly below: (limit: number) => number) {}

  group(at: number): readonly Make[] {
    const fresh: ExecutionId[] = [];
    let next = this.below(this.ids.length + 1);
    const makes = Array.from({ length: 1 + this.below(MOST_WRITES) }, (_, index) => {
      const own = this.below(3) === 0 ? this.below(this.ids.length + 1) : next++;
      const id = this.ids[own % (this.ids.length + 1)];
      return this.one(id, fresh, `${at}.${index}`);
    });
    this.ids.push(...fresh);
    this.past.push(...makes);
    return makes;
  }

  private one(id: ExecutionId | undefined, fresh: ExecutionId[], name: string): Make {
    const kind = this.below(12);
    if (id === undefined || kind < 4) {
      const made = execution({ owner: p1 });
      fresh.push(made.id);
      return () => publish(made);
    }
    if (kind === 4) return this.past[this.below(this.past.length)] as Make;
    if (kind === 5)
      return () => ({
        kind: 'append',
        message: { id: `m-${name}` as MessageId, to: id, kind: 'cancel', body: null },
      });
    const commitNo = (this.commits.get(id) ?? 0) + 1;
    this.commits.set(id, commitNo);
    const key = `s${this.below(2)}~${this.below(4)}`;
    if (kind < 8) return (lease) => checkpoint(lease(id), commitNo, key);
    if (kind < 9) return (lease) => ending(lease(id), commitNo);
    return (lease) => {
      const end = ending(lease(id), commitNo) as CommitWrite;
      const { checkpoints } = (checkpoint(lease(id), commitNo, key) as CommitWrite).delta;
      return { ...end, delta: { ...end.delta, checkpoints } };
    };
  }
}

describe('groups in which a statement fails, sent again', () => {
  let files: FileStores[];
  beforeEach(() => (files = [new FileStores(), new FileStores()]));
  afterEach(() => Promise.all(files.map((each) => each.dispose())));

  async function side(at: number, driver?: Awaited<ReturnType<typeof failingDriver>>): Promise<Side> {
    const own = files[at] as FileStores;
    return new Side(own.path, await own.open(driver === undefined ? {} : { driver }));
  }

  it.each(SEEDS)('end as if none had failed, seed %d', async (seed) => {
    const random = new SeededRandom(`groups ${seed}`);
    const below = (limit: number) => Math.floor(random.next() * limit);
    const fault = { ...noFault };
    let wasCommitted = false;
    const failing = await side(0, await failingDriver(fault, () => (wasCommitted = true)));
    const clean = await side(1);
    const story = new Story(below);
    const differences: unknown[] = [];
    const sent = async (makes: readonly Make[]): Promise<readonly Verdict[]> => {
      const length = 6 + makes.length * 2;
      for (let failures = below(3); failures > 0; failures--) {
        Object.assign(fault, { in: 1 + below(length), isDone: below(2) === 0, isFull: below(2) === 0 });
        const verdicts = await failing.send(makes).catch((error: unknown) => {
          if (!(error instanceof StoreUnavailableError)) throw error;
          return null;
        });
        if (verdicts !== null) return verdicts;
      }
      Object.assign(fault, noFault);
      return failing.send(makes);
    };
    for (let at = 0; at < GROUPS; at++) {
      const makes = story.group(at);
      wasCommitted = false;
      const names = (verdicts: readonly Verdict[]) =>
        verdicts.map(({ verdict }) => (wasCommitted && verdict === 'already' ? 'ok' : verdict)).join();
      const [got, expected] = [await sent(makes), await clean.send(makes)];
      if (names(got) !== names(expected)) differences.push([at, names(got), names(expected)]);
    }
    expect(differences).toEqual([]);
    expect(await failing.content()).toEqual(await clean.content());
  });

  const kinds = ['publishes', 'checkpoints', 'ends'];
  it.each(
    kinds.flatMap((kind, at) =>
      [false, true].map((isFull) => [kind, isFull ? 'full' : 'broken', at] as const),
    ),
  )('are whole: of %s, the disk is %s at any statement', async (_, disk, last) => {
    const fault = { ...noFault };
    const failing = await side(0, await failingDriver(fault, () => {}));
    for (let at = 1, isHit = true; isHit; at++) {
      const made = Array.from({ length: 8 }, () => execution({ owner: p1 }));
      const groups: readonly (readonly Make[])[] = [
        made.map((each) => () => publish(each)),
        made.map(
          ({ id }) =>
            (lease) =>
              checkpoint(lease(id), 1, 's~1'),
        ),
        made.map(
          ({ id }) =>
            (lease) =>
              ending(lease(id), 2),
        ),
      ];
      for (const makes of groups.slice(0, last)) await failing.send(makes);
      const makes = groups[last] as readonly Make[];
      const before = await failing.content();
      Object.assign(fault, { in: at, isFull: disk === 'full' });
      const verdicts = await failing.send(makes).catch(() => null);
      isHit = fault.in <= 0;
      Object.assign(fault, noFault);
      const isWhole = verdicts !== null || isDeepStrictEqual(await failing.content(), before);
      const again = (await failing.send(makes)).map(({ verdict }) => verdict);
      expect([at, isWhole, ...again]).toEqual([
        at,
        true,
        ...makes.map(() => (verdicts === null ? 'ok' : 'already')),
      ]);
    }
  });
});
