import { existsSync } from 'node:fs';
import { StoreIncompatibleError, StoreUnavailableError } from '../../model/errors-store.js';
import type { StoreContext } from '../../ports/store.js';
import type { NewEvent, Verdict, Write } from '../../ports/store-write.js';
import { Appends } from './appends.js';
import { Batches } from './batches.js';
import { ChangePoll } from './change-poll.js';
import { CheckpointRows } from './checkpoint-rows.js';
import { Claims } from './claims.js';
import { Commits } from './commits.js';
import { type Connection, sqliteCode, SQLITE_NOT_A_DATABASE } from './connection.js';
import { createFile } from './create-file.js';
import type { ChosenDriver } from './driver.js';
import { ExecutionRows } from './execution-rows.js';
import { Families } from './families.js';
import { Graphs } from './graphs.js';
import { Gates } from './gates.js';
import { HeldLeases } from './held-leases.js';
import { Instances } from './instances.js';
import { Journals } from './journals.js';
import { Mailboxes } from './mailboxes.js';
import { checkVersion, migrate } from './migrate.js';
import { DefinitionNumbers, EventNumbers, type Numbers, ProcessNumbers } from './numbers.js';
import { Publishes } from './publishes.js';
import { Queries } from './queries.js';
import { Rates } from './rates.js';
import { Registry } from './registry.js';
import { Sessions } from './sessions.js';
import { Schedules } from './schedules.js';
import { Removals } from './removals.js';
import { Retention } from './retention.js';
import { ReadingTransactor, Transactor } from './transactor.js';
import { UsualEnds } from './usual-ends.js';

export type Synchronous = 'FULL' | 'NORMAL';

const synchronousLevel = Object.freeze({ FULL: 2, NORMAL: 1 });

/** Pages of the write-ahead log, some 32 MiB, before SQLite copies them back: from its default of 1,000 on, each doubling made groups 2 to 5 % cheaper. */
const WAL_PAGES = 8_000;

/** What became of a group. */
interface Applied {
  readonly verdicts: readonly Verdict[];
  /** Others have something to do or to see. */
  readonly changed: boolean;
  /** So has this process, which no verdict tells: a gate let something in. */
  readonly served: boolean;
}

/** One connection, its prepared statements and what they remember; ends with `close`. */
export class OpenDatabase {
  readonly processes: ProcessNumbers;
  readonly journals: Journals;
  readonly claims: Claims;
  readonly registry: Registry;
  readonly graphs: Graphs;
  readonly schedules: Schedules;
  readonly instances: Instances;
  readonly batches: Batches;
  readonly queries: Queries;
  readonly retention: Retention;
  readonly poll: ChangePoll;
  private readonly publishes: Publishes;
  private readonly commits: Commits;
  readonly sessions: Sessions;
  private readonly appends: Appends;
  private readonly held: HeldLeases;
  private readonly gates: Gates;
  private readonly mailboxes: Mailboxes;
  private readonly rates: Rates;
  private readonly executions: ExecutionRows;

  private constructor(
    private readonly connection: Connection,
    readonly transactor: Transactor,
    readonly context: StoreContext,
    forgetters: (() => void)[],
  ) {
    const definitions = new DefinitionNumbers(connection);
    const events = new EventNumbers(connection);
    const numbers: Numbers = { definitions, events };
    this.processes = new ProcessNumbers(connection);
    this.held = new HeldLeases(connection);
    forgetters.push(() => {
      this.held.forget();
      this.executions.forget();
      definitions.forget();
      events.forget();
      this.processes.forget();
    });
    this.journals = new Journals(connection);
    this.gates = new Gates(connection, this.held);
    this.mailboxes = new Mailboxes(connection, this.gates);
    const families = new Families(connection, this.gates);
    this.rates = new Rates(connection);
    const checkpoints = new CheckpointRows(connection, this.held);
    const ends = new UsualEnds(connection, this.held, checkpoints);
    this.executions = new ExecutionRows(
      connection,
      numbers,
      this.processes,
      this.held,
      this.gates,
      families,
      ends,
    );
    this.batches = new Batches(connection, this.executions, this.gates);
    this.appends = new Appends(connection, this.held, this.gates, this.batches);
    this.sessions = new Sessions(connection, definitions, this.appends);
    this.publishes = new Publishes(connection, this.executions, this.mailboxes, this.sessions, this.batches);
    const removals = new Removals(connection, this.gates, this.mailboxes, this.batches, families);
    this.instances = new Instances(connection, this.publishes, this.appends, removals);
    this.commits = new Commits(
      connection,
      this.publishes,
      this.held,
      checkpoints,
      ends,
      definitions,
      this.gates,
      this.mailboxes,
      this.instances,
      families,
      events,
    );
    this.claims = new Claims(
      connection,
      numbers,
      this.processes,
      this.journals,
      this.held,
      this.gates,
      this.batches,
    );
    this.registry = new Registry(connection, definitions, this.processes);
    this.graphs = new Graphs(connection, this.registry);
    this.schedules = new Schedules(connection);
    this.queries = new Queries(connection, numbers);
    this.retention = new Retention(connection, numbers, removals);
    const dataVersion = connection.prepareNumber('PRAGMA data_version');
    this.poll = new ChangePoll(context.clock, () => {
      try {
        return dataVersion();
      } catch (error) {
        if (sqliteCode(error) === null) throw error;
        return null;
      }
    });
  }

  /** Connects, sets what durability needs, migrates, and checks that it holds after the first write. */
  static async open(
    driver: ChosenDriver,
    path: string,
    synchronous: Synchronous,
    context: StoreContext,
  ): Promise<OpenDatabase> {
    if (path !== ':memory:') createFile(path);
    const connection = connect(driver, path);
    try {
      const forgetters: (() => void)[] = [];
      const onRollback = () => forgetters.forEach((forget) => forget());
      connection.exec(
        `PRAGMA busy_timeout = 0; PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = ${WAL_PAGES}`,
      );
      const transactor = new Transactor(connection, context.clock, context.random, onRollback);
      await transactor.read(() => setJournalMode(connection, path));
      connection.exec(`PRAGMA synchronous = ${synchronous}`);
      await transactor.write(() => migrate(connection));
      checkSynchronous(connection, synchronous);
      return new OpenDatabase(connection, transactor, context, forgetters);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Connects to a file that is there, of this version, and writes nothing. */
  static async openReadOnly(
    driver: ChosenDriver,
    path: string,
    context: StoreContext,
  ): Promise<OpenDatabase> {
    if (!existsSync(path)) throw new StoreUnavailableError(`there is no database '${path}'`);
    const connection = connect(driver, path);
    try {
      connection.exec('PRAGMA busy_timeout = 0; PRAGMA trusted_schema = OFF; PRAGMA query_only = ON');
      const transactor = new ReadingTransactor(connection, context.clock, context.random, () => {});
      await transactor.read(() => checkVersion(connection, path));
      return new OpenDatabase(connection, transactor, context, []);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Applies the only write of a group by one statement, outside of a transaction; null: nothing was changed, and `apply` has to be asked. */
  applyAlone(write: Write, now: number): Applied | null {
    const { executions, commits } = this;
    let verdict: Verdict | null = null;
    if (write.kind === 'commit') verdict = commits.commitAlone(write, now);
    else if (write.kind === 'publish') verdict = executions.insertAlone(write, now);
    if (verdict === null) return null;
    // A record that rests is news to others; a row is not, nor is an execution that is created leased.
    const changed = write.kind === 'commit' && write.delta.record !== null;
    return { verdicts: [verdict], changed, served: false };
  }

  /** Applies a group; call it inside a write transaction. */
  apply(writes: readonly Write[], now: number): Applied {
    const { executions, publishes, commits, appends, gates } = this;
    this.held.begin();
    appends.appended = gates.served = this.schedules.changed = false;
    const verdicts: Verdict[] = [];
    executions.begin(verdicts);
    commits.begin(verdicts, now);
    for (const write of writes) {
      if (write.kind === 'commit') verdicts.push(commits.commit(write, now));
      else if (write.kind === 'publish') verdicts.push(publishes.publish(write, now));
      else if (write.kind === 'append') {
        executions.flush();
        verdicts.push(appends.append(write, now));
      } else if (write.kind === 'acquire') {
        executions.flush();
        verdicts.push(gates.acquire(write, now));
      } else if (write.kind === 'reserve') verdicts.push(this.rates.reserve(write, now));
      else {
        executions.flush();
        if (write.kind === 'schedule') {
          const accept = (event: NewEvent) => publishes.accept({ events: [event] }, now);
          verdicts.push(this.schedules.write(write, accept));
        } else if (write.kind === 'instance') verdicts.push(this.instances.write(write, now));
        else verdicts.push(this.mailboxes.await(write, now));
      }
    }
    executions.flush();
    commits.flush();
    const changed = executions.madeDue || commits.released || appends.appended || this.schedules.changed;
    return { verdicts, changed, served: gates.served };
  }

  /** For messages: `node:sqlite`, `libsql`, or what the caller passed in. */
  get driver(): string {
    return this.connection.driver;
  }

  get sqliteVersion(): string {
    return (
      this.connection.prepare<{ version: string }>('SELECT sqlite_version() AS version').get([])?.version ??
      ''
    );
  }

  close(): void {
    this.poll.stop();
    this.transactor.close();
    this.connection.close();
  }
}

function connect(driver: ChosenDriver, path: string): Connection {
  try {
    return driver.connect(path);
  } catch (cause) {
    throw new StoreUnavailableError(`${driver.name} cannot open '${path}'`, cause);
  }
}

function setJournalMode(connection: Connection, path: string): void {
  let mode: string | undefined;
  try {
    mode = connection.prepare<{ journal_mode: string }>('PRAGMA journal_mode = WAL').get([])?.journal_mode;
  } catch (error) {
    if (sqliteCode(error) === SQLITE_NOT_A_DATABASE)
      throw new StoreIncompatibleError(`'${path}' is not a SQLite database`);
    throw error;
  }
  if (path !== ':memory:' && mode !== 'wal')
    throw new StoreIncompatibleError(
      `SQLite keeps '${path}' in journal mode '${mode ?? 'unknown'}' instead of WAL: use a local disk`,
    );
}

/** Some builds fall back to NORMAL with the first write in WAL mode. */
function checkSynchronous(connection: Connection, asked: Synchronous): void {
  const level = connection.prepare<{ synchronous: number }>('PRAGMA synchronous').get([])?.synchronous;
  if (level !== synchronousLevel[asked])
    throw new StoreIncompatibleError(
      `${connection.driver} runs at synchronous=${String(level)} after the first write, although ${asked} was set: commits would not survive what they promise`,
    );
}
