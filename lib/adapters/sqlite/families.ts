import type { ExecutionId } from '../../model/ids.js';
import type { Parent } from '../../ports/store-write.js';
import type { Connection, Statement } from './connection.js';
import type { Gates } from './gates.js';
import { toStored } from './stored-text.js';

/**
 * Executions that others wait for. Parents and children have a gate (0 if none): what ends without one has no family. Call it
 * inside a write transaction.
 */
export class Families {
  private readonly selectNumber: Statement<{ n: number }>;
  private readonly insert: Statement<never>;
  private readonly selectParent: Statement<{ parent: number; id: string }>;
  private readonly selectOpen: Statement<{ n: number; holder: string }>;
  private readonly part: Statement<never>;
  private readonly partAll: Statement<never>;
  private readonly forgetAll: Statement<never>;

  constructor(
    connection: Connection,
    private readonly gates: Gates,
  ) {
    this.selectNumber = connection.prepare('SELECT n FROM holdfast_execution WHERE id = ?');
    this.insert = connection.prepare('INSERT INTO holdfast_child (n, parent, holder) VALUES (?, ?, ?)');
    this.selectParent = connection.prepare(selectOpenParent);
    this.selectOpen = connection.prepare(selectOpenChildren);
    this.part = connection.prepare(`DELETE FROM holdfast_child WHERE parent = ? AND ${within('holder')}`);
    this.partAll = connection.prepare('DELETE FROM holdfast_child WHERE parent = ?');
    this.forgetAll = connection.prepare('DELETE FROM holdfast_child WHERE n = ? OR parent = ?');
  }

  join(n: number, { executionId, holder }: Parent): void {
    const parent = this.number(executionId);
    if (parent === undefined) return;
    this.insert.run([n, parent, toStored(holder)]);
    this.gates.use(n);
    this.gates.use(parent);
  }

  /** The execution ended: its parent is told, and what it waited for ends. */
  ended(n: number, now: number): void {
    const row = this.selectParent.get([n]);
    if (row !== undefined) this.gates.tell(row.parent, 'child', n, row.id, now);
    for (const child of this.selectOpen.all([n])) this.gates.cancel(child.n, n, now);
  }

  /** The execution waits for those no longer. */
  withdraw(n: number, holder: string, now: number): void {
    const named = toStored(holder);
    for (const child of this.selectOpen.all([n]))
      if (child.holder === named || child.holder.startsWith(`${named}/`)) this.gates.cancel(child.n, n, now);
    this.part.run([n, named, named, named]);
  }

  /** Its next turn begins. */
  turn(n: number, now: number): void {
    for (const child of this.selectOpen.all([n])) this.gates.cancel(child.n, n, now);
    this.partAll.run([n]);
  }

  /** The execution is removed. */
  forget(n: number): void {
    this.forgetAll.run([n, n]);
  }

  private number(id: ExecutionId): number | undefined {
    return this.selectNumber.get([toStored(id)])?.n;
  }
}

/** Whether the column's holder is the one that is given three times, or below it. */
export function within(column: string): string {
  return `(${column} = ? OR substr(${column}, 1, length(?) + 1) = ? || '/')`;
}

const ended = '(2, 3, 4, 5)';

/** One that has not ended. */
const selectOpenParent = `
SELECT c.parent AS parent, e.id AS id FROM holdfast_child AS c
JOIN holdfast_execution AS e ON e.n = c.n JOIN holdfast_execution AS p ON p.n = c.parent
WHERE c.n = ? AND p.status NOT IN ${ended}`;

const selectOpenChildren = `
SELECT c.n AS n, c.holder AS holder FROM holdfast_child AS c
JOIN holdfast_execution AS e ON e.n = c.n WHERE c.parent = ? AND e.status NOT IN ${ended}`;

/** For retention: a condition on `e`. */
export const isNobodysChild = `NOT EXISTS (
  SELECT 1 FROM holdfast_child AS c JOIN holdfast_execution AS p ON p.n = c.parent
  WHERE c.n = e.n AND p.status NOT IN ${ended})`;
