import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import { batchesAgree } from './batch-twins.js';

describe('executions that collect events in memory and in SQLite', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'are the same after any calls, and have each accepted event once (%i)',
    (seed) => expect(batchesAgree(seed, sqliteStore(':memory:'))).resolves.toBeUndefined(),
  );
});
