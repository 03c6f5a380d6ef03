import type { MessageId } from '../../model/ids.js';
import type { NewEvent } from '../../ports/store-write.js';
import type { OpenPage, OpenRequest } from '../../ports/stored-session.js';
import type { Appends } from './appends.js';
import { messageKindCode } from './codes.js';
import type { Connection, Statement } from './connection.js';
import type { DefinitionNumbers } from './numbers.js';
import { fromStored, toStored } from './stored-text.js';

interface OpenRow {
  readonly n: number;
  readonly id: string;
  readonly definition: number;
  readonly root: number | null;
}

/** What belongs together by its session. */
export class Sessions {
  private readonly setRoot: Statement<never>;
  private readonly selectCancel: Statement<{ id: string; body: string }>;
  private readonly selectFirst: Statement<{ session: string }>;
  private readonly selectAfter: Statement<{ session: string }>;
  private readonly selectOpen: Statement<OpenRow>;
  private readonly selectLast: Statement<{ n: number | null }>;

  constructor(
    connection: Connection,
    private readonly definitions: DefinitionNumbers,
    private readonly appends: Appends,
  ) {
    this.setRoot = connection.prepare(updateRoot);
    this.selectCancel = connection.prepare(selectCancelToHandOn);
    this.selectFirst = connection.prepare(selectFirstSession);
    this.selectAfter = connection.prepare(selectSessionAfter);
    this.selectOpen = connection.prepare(selectOpenOfSession);
    this.selectLast = connection.prepare('SELECT max(n) AS n FROM holdfast_execution');
  }

  /** What an execution publishes into its session comes from where it comes from, and is cancelled with it. */
  inherit(
    publisher: number,
    { session, executions }: NewEvent,
    created: readonly number[],
    now: number,
  ): void {
    if (session === null || created.length === 0) return;
    let isOwn = false;
    for (const n of created) isOwn = this.setRoot.run([publisher, n, publisher, toStored(session)]) > 0;
    const cancel = isOwn ? this.selectCancel.get([publisher, publisher]) : undefined;
    if (cancel === undefined) return;
    const id = fromStored(cancel.id) as MessageId;
    for (const { id: to } of executions)
      this.appends.append(
        { kind: 'append', message: { id, to, kind: 'cancel', body: fromStored(cancel.body) } },
        now,
      );
  }

  /** Sessions that have open executions: the index is jumped through, from one to the next. */
  open(after: string | null, limit: number): readonly string[] {
    const names: string[] = [];
    let last = after === null ? null : toStored(after);
    while (names.length < limit) {
      const next = last === null ? this.selectFirst.get([]) : this.selectAfter.get([last]);
      if (next === undefined) break;
      last = next.session;
      names.push(fromStored(last));
    }
    return names;
  }

  page({ session, upTo, after, limit }: OpenRequest): OpenPage {
    const newest = upTo ?? this.selectLast.get([])?.n ?? 0;
    const rows = this.selectOpen.all([toStored(session), after, limit + 1]);
    const looked = rows.slice(0, limit);
    return {
      executions: looked
        .filter(({ n, root }) => (root ?? n) <= newest)
        .map(({ id, definition }) => ({
          id: fromStored(id) as OpenPage['executions'][number]['id'],
          definition: this.definitions.refOf(definition).id,
        })),
      upTo: newest,
      next: looked.at(-1)?.n ?? after,
      more: rows.length > limit,
    };
  }
}

const isOpen = '(status < 2 OR status > 5)';

export const updateRoot = `
UPDATE holdfast_execution SET root = (SELECT coalesce(p.root, p.n) FROM holdfast_execution AS p WHERE p.n = ?)
WHERE n = ? AND session = (SELECT p.session FROM holdfast_execution AS p WHERE p.n = ?) AND session = ?`;

export const selectCancelToHandOn = `
SELECT id, body FROM holdfast_message WHERE n = ? AND seq > (SELECT seen FROM holdfast_execution WHERE n = ?)
  AND kind = ${messageKindCode('cancel')} AND body IS NOT NULL ORDER BY seq LIMIT 1`;

export const selectFirstSession = `
SELECT session FROM holdfast_execution WHERE session IS NOT NULL AND ${isOpen} ORDER BY session LIMIT 1`;

export const selectSessionAfter = `
SELECT session FROM holdfast_execution WHERE session > ? AND session IS NOT NULL AND ${isOpen} ORDER BY session LIMIT 1`;

export const selectOpenOfSession = `
SELECT n, id, definition, root FROM holdfast_execution WHERE session = ? AND session IS NOT NULL AND ${isOpen} AND n > ?
ORDER BY n LIMIT ?`;
