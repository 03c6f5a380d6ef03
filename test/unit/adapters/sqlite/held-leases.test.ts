import type { Connection } from '../../../../lib/adapters/sqlite/connection.js';
import { HeldLeases } from '../../../../lib/adapters/sqlite/held-leases.js';
import type { Lease } from '../../../../lib/model/lease.js';

/** A connection that answers these versions, one after the other. */
function answering(...versions: (number | null)[]): Connection {
  return { prepareNumber: () => () => versions.shift() ?? null } as unknown as Connection;
}

const lease = { key: 7, fence: 1 } as Lease;

describe('leases that a connection holds', () => {
  it('are held while the version of the file stays what it was', () => {
    const held = new HeldLeases(answering(3, 3, 4));
    held.begin();
    held.hold(7, 1, false);
    held.begin();
    expect(held.has(lease)).toBe(true);
    held.begin();
    expect(held.has(lease)).toBe(false);
  });

  it('are forgotten where no version can be read', () => {
    const held = new HeldLeases(answering(null, null));
    held.begin();
    held.hold(7, 1, false);
    const before = held.version;
    held.begin();
    expect(held.has(lease)).toBe(false);
    expect(held.version === before).toBe(false);
  });
});
