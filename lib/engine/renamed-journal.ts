import type { Checkpoint } from '../model/checkpoint.js';
import { renamed } from '../model/path.js';

/** New names of steps by the one that they were recorded under; null: nothing was renamed. */
export type Renames = ReadonlyMap<string, string> | null;

const noPaths: ReadonlyMap<string, string> = new Map();

/** A journal as the present code reads it: what was recorded under former names of steps has their new ones. */
export class RenamedJournal {
  readonly rows: readonly Checkpoint[];
  /** By the path that the present code has for it. */
  private readonly storedPaths: ReadonlyMap<string, string>;
  private readonly storedKey: Map<string, string> | null = null;

  constructor(
    stored: readonly Checkpoint[],
    private readonly renames: Renames,
  ) {
    this.storedPaths = renames === null ? noPaths : pathsOf(stored, renames);
    if (this.storedPaths.size === 0) {
      this.rows = stored;
      return;
    }
    this.storedKey = new Map();
    const newPaths = new Map(Array.from(this.storedPaths, ([path, before]) => [before, path]));
    this.rows = stored.map((row) => {
      const path = newPaths.get(row.path);
      if (path === undefined) return row;
      const key = `${path}${row.key.slice(row.path.length)}`;
      this.storedKey?.set(key, row.key);
      return { ...row, path, key };
    });
  }

  /** The keys under which the store has those rows. */
  storedKeys(keys: readonly string[]): readonly string[] {
    return keys.map((key) => this.storedKey?.get(key) ?? key);
  }

  /** Something that was recorded has another name now. */
  get isRenamed(): boolean {
    return this.storedKey !== null;
  }

  /** What users name a step by, with the present names. */
  present(names: string): string {
    return this.renames === null ? names : presentNames(names, this.renames);
  }

  /** The path that names the call to the outside world: the one it began under. */
  outsidePath(path: string): string {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const stored = this.storedPaths.get(path.slice(0, end));
      if (stored !== undefined) return `${stored}${path.slice(end)}`;
    }
    return path;
  }
}

/** `fulfil/charge` with the present names of its steps. */
export function presentNames(names: string, renames: ReadonlyMap<string, string>): string {
  return names
    .split('/')
    .map((name) => renames.get(name) ?? name)
    .join('/');
}

/** New paths with those they stand for. One that was recorded under its new name as well stays as it is. */
function pathsOf(
  journal: readonly Checkpoint[],
  renames: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const recorded = new Set(journal.map(({ path }) => path));
  const stored = new Map<string, string>();
  for (const path of recorded) {
    const slash = path.indexOf('/');
    if (slash < 0) continue;
    const next = `${path.slice(0, slash)}/${renamed(path.slice(slash + 1), (name) => renames.get(name) ?? name)}`;
    if (next !== path && !recorded.has(next) && !stored.has(next)) stored.set(next, path);
  }
  return stored;
}
