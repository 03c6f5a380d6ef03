import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import { commitsAgree } from './commit-twins.js';

describe('commits, claims, messages and what is removed in memory and in SQLite', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))('are the same after any calls (%i)', (seed) =>
    expect(commitsAgree(seed, sqliteStore(':memory:'))).resolves.toBeUndefined(),
  );
});
