import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import { gatesAgree } from './gate-twins.js';

describe('gates, permits and instances in memory and in SQLite', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'are the same after any calls, and never more are in a gate than it takes (%i)',
    (seed) => expect(gatesAgree(seed, sqliteStore(':memory:'))).resolves.toBeUndefined(),
  );
});
