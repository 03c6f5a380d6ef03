/**
 * The schema, one migration per version; a database's version is the number of migrations it has had. Never edit one
 * that was released: append.
 *
 * Executions are numbered by the store (`n`): rows made together lie together, and foreign rows name them by a small
 * integer. Small columns that guards read come first, texts that may overflow the page last. Indexes are partial: an
 * ended execution is in none but that of its id. A checkpoint's row is numbered by its execution and a hash of its key
 * (`CheckpointTable`), which keeps keys unique without an index: a step that commits alone writes one page. Rows are spread over
 * tables by their step (`tableOf`): where many executions are at the same step, their rows are put behind each other at the end of one
 * table, and full pages are not written again for the next step. `holdfast_journal` shows all of them.
 *
 * Every byte of a row is written three times (log, log again when it ends, file): event names are numbers, an interval stands
 * for a second instant (`waited`: creation to start, `took`: start to end), and what `storedLane` and `storedEventId` can
 * derive is not stored.
 *
 * `strikes` is how many claims before the last one had died, its complement once the last one was handed back as it was found.
 *
 * An execution's `gate` is null until it has to do with gates, mailboxes or families, 0 when it has had permits, waits, a parent or children only, else the number of its gate.
 * Gates and places are never renumbered. Its `root` is the number of the execution of its session that it comes from, null of one
 * that no execution of its session published. Its `batch` is 1 if it collects events or has collected some, else null.
 */
export const migrations: readonly string[] = [
  `
CREATE TABLE holdfast_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE holdfast_definition (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  UNIQUE (id, fingerprint)
);

CREATE TABLE holdfast_process (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  expires_at INTEGER NOT NULL,
  deployment TEXT NOT NULL,
  role TEXT NOT NULL,
  definitions TEXT NOT NULL
);

CREATE TABLE holdfast_event (
  n INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  schema_hash TEXT
);
CREATE INDEX holdfast_event_name ON holdfast_event (name);

CREATE TABLE holdfast_execution (
  n INTEGER PRIMARY KEY,
  status INTEGER NOT NULL,
  definition INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  owner INTEGER,
  committed INTEGER NOT NULL,
  strikes INTEGER NOT NULL,
  listening INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  reason INTEGER,
  event INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  waited INTEGER,
  wake_at INTEGER,
  due_at INTEGER,
  ended_at INTEGER,
  lane TEXT NOT NULL,
  id TEXT NOT NULL,
  event_id TEXT,
  session TEXT,
  timers TEXT,
  value TEXT,
  error TEXT,
  input TEXT NOT NULL
);
CREATE UNIQUE INDEX holdfast_execution_id ON holdfast_execution (id);
CREATE INDEX holdfast_execution_ready ON holdfast_execution (definition, lane, priority DESC) WHERE status = 0;
CREATE INDEX holdfast_execution_running ON holdfast_execution (owner, definition) WHERE status = 1;
CREATE INDEX holdfast_execution_idle ON holdfast_execution (definition, wake_at) WHERE status >= 6;

CREATE TABLE holdfast_checkpoint (
  place INTEGER PRIMARY KEY,
  n INTEGER NOT NULL,
  hash INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  took INTEGER NOT NULL,
  wake_at INTEGER,
  forgotten INTEGER,
  key TEXT NOT NULL,
  path TEXT,
  value TEXT,
  error TEXT
);
CREATE UNIQUE INDEX holdfast_checkpoint_key ON holdfast_checkpoint (n, hash);

CREATE TABLE holdfast_message (
  n INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  kind INTEGER NOT NULL,
  body TEXT,
  PRIMARY KEY (n, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX holdfast_message_id ON holdfast_message (n, id);

CREATE TABLE holdfast_dedup (
  scope TEXT NOT NULL,
  event_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  until INTEGER NOT NULL,
  executions TEXT NOT NULL,
  PRIMARY KEY (scope, event_id)
) WITHOUT ROWID;
CREATE INDEX holdfast_dedup_until ON holdfast_dedup (until);

CREATE TABLE holdfast_outcome (id TEXT PRIMARY KEY, until INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX holdfast_outcome_until ON holdfast_outcome (until);

CREATE TABLE holdfast_subscription (
  event TEXT NOT NULL,
  definition TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  worker TEXT NOT NULL,
  method TEXT NOT NULL,
  held_at INTEGER NOT NULL,
  PRIMARY KEY (event, definition)
) WITHOUT ROWID;

CREATE TABLE holdfast_paused (definition TEXT PRIMARY KEY) WITHOUT ROWID;
`,
  `
CREATE TABLE holdfast_graph (
  worker TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  graph TEXT NOT NULL,
  first_declared_at INTEGER NOT NULL,
  declared_at INTEGER NOT NULL,
  PRIMARY KEY (worker, fingerprint)
) WITHOUT ROWID;
`,
  `
ALTER TABLE holdfast_execution ADD COLUMN gate INTEGER;

CREATE TABLE holdfast_gate (
  g INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  most INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  users INTEGER NOT NULL,
  UNIQUE (kind, name)
);

CREATE TABLE holdfast_place (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  n INTEGER NOT NULL,
  holder TEXT NOT NULL,
  gate INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  granted INTEGER NOT NULL
);
CREATE UNIQUE INDEX holdfast_place_holder ON holdfast_place (n, holder);
CREATE INDEX holdfast_place_queue ON holdfast_place (gate, rank, place) WHERE taken = 0;

CREATE TABLE holdfast_rate (
  bucket TEXT PRIMARY KEY,
  ms INTEGER NOT NULL,
  rest INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  idle_from INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX holdfast_rate_idle ON holdfast_rate (idle_from);
`,
  `
ALTER TABLE holdfast_process ADD COLUMN schedules TEXT;

CREATE TABLE holdfast_schedule (
  id TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  state TEXT NOT NULL
) WITHOUT ROWID;
`,
  `
CREATE TABLE holdfast_mail (
  mail INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL,
  key TEXT NOT NULL,
  id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  schema_hash TEXT,
  payload TEXT NOT NULL
);
CREATE INDEX holdfast_mail_box ON holdfast_mail (event, key);
CREATE INDEX holdfast_mail_until ON holdfast_mail (until);

CREATE TABLE holdfast_wait (
  wait INTEGER PRIMARY KEY AUTOINCREMENT,
  n INTEGER NOT NULL,
  holder TEXT NOT NULL,
  event TEXT NOT NULL,
  key TEXT NOT NULL,
  until INTEGER,
  mail INTEGER,
  schema_hash TEXT,
  payload TEXT
);
CREATE UNIQUE INDEX holdfast_wait_holder ON holdfast_wait (n, holder);
CREATE INDEX holdfast_wait_open ON holdfast_wait (event, key, wait) WHERE mail IS NULL;
`,
  // The second one is of what is open: the numbers are those of statuses that have not ended.
  `
ALTER TABLE holdfast_execution ADD COLUMN root INTEGER;
CREATE INDEX holdfast_execution_session ON holdfast_execution (session, n) WHERE session IS NOT NULL;
CREATE INDEX holdfast_execution_session_open ON holdfast_execution (session, n)
  WHERE session IS NOT NULL AND (status < 2 OR status > 5);
`,
  `
ALTER TABLE holdfast_execution ADD COLUMN batch INTEGER;

CREATE TABLE holdfast_batch (
  n INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  flushed INTEGER NOT NULL,
  open INTEGER NOT NULL
);
CREATE INDEX holdfast_batch_name ON holdfast_batch (name, n);
CREATE UNIQUE INDEX holdfast_message_item ON holdfast_message (id) WHERE kind = 7;
`,
  `
ALTER TABLE holdfast_gate ADD COLUMN until_end INTEGER NOT NULL DEFAULT 0;
CREATE INDEX holdfast_place_inside ON holdfast_place (gate) WHERE taken = 1 AND holder = '';

CREATE TABLE holdfast_instance (
  id TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  ahead INTEGER,
  due_at INTEGER,
  state TEXT NOT NULL
);
`,
  `
ALTER TABLE holdfast_mail ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
UPDATE holdfast_mail SET newest =
  coalesce((SELECT max(n) FROM holdfast_execution WHERE created_at <= accepted_at), 0);
`,
  `
CREATE TABLE holdfast_child (
  n INTEGER PRIMARY KEY,
  parent INTEGER NOT NULL,
  holder TEXT NOT NULL
);
CREATE INDEX holdfast_child_parent ON holdfast_child (parent);

CREATE TABLE holdfast_spent_mail (n INTEGER NOT NULL, mail INTEGER NOT NULL, PRIMARY KEY (n, mail)) WITHOUT ROWID;
ALTER TABLE holdfast_wait ADD COLUMN except_id TEXT;
`,
  `
ALTER TABLE holdfast_subscription ADD COLUMN rule TEXT;
`,
  // Of rows with one number, each takes the next free one, as those do that are inserted later.
  `
ALTER TABLE holdfast_checkpoint RENAME TO holdfast_checkpoint_before;
CREATE TABLE holdfast_checkpoint (
  place INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  took INTEGER NOT NULL,
  wake_at INTEGER,
  forgotten INTEGER,
  key TEXT NOT NULL,
  path TEXT,
  value TEXT,
  error TEXT
);
INSERT INTO holdfast_checkpoint
SELECT (n << 20) + rank + max((hash & 524287) - rank) OVER (PARTITION BY n ORDER BY rank),
  seq, mark, kind, attempt, turn, epoch, ended_at, took, wake_at, forgotten, key, path, value, error
FROM (SELECT *, row_number() OVER (PARTITION BY n ORDER BY hash & 524287, place) AS rank FROM holdfast_checkpoint_before);
DROP TABLE holdfast_checkpoint_before;
`,
  // The executions of now keep all their checkpoints in the first table, those created from now on have each in that of its step.
  `
ALTER TABLE holdfast_checkpoint RENAME TO holdfast_checkpoint_0;
${[1, 2, 3].map(createCheckpointTable).join('')}
CREATE VIEW holdfast_journal AS SELECT * FROM holdfast_checkpoint_0 UNION ALL SELECT * FROM holdfast_checkpoint_1
  UNION ALL SELECT * FROM holdfast_checkpoint_2 UNION ALL SELECT * FROM holdfast_checkpoint_3;
INSERT INTO holdfast_meta (name, value) SELECT 'last-in-one-table', max(
  coalesce((SELECT max(n) FROM holdfast_execution), 0),
  coalesce((SELECT value FROM holdfast_meta WHERE name = 'last-number'), 0));
`,
  // The `seq` of the checkpoint that has the execution's value, which is not kept in `own_value` then. By the new name, a process of
  // an older version that still runs reads no null, but fails.
  `
ALTER TABLE holdfast_execution ADD COLUMN value_seq INTEGER;
ALTER TABLE holdfast_execution RENAME COLUMN value TO own_value;
`,
];

function createCheckpointTable(table: number): string {
  return `
CREATE TABLE holdfast_checkpoint_${table} (
  place INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  took INTEGER NOT NULL,
  wake_at INTEGER,
  forgotten INTEGER,
  key TEXT NOT NULL,
  path TEXT,
  value TEXT,
  error TEXT
);`;
}
