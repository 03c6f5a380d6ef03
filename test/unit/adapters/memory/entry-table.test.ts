import { DefinitionWork, Entry } from '../../../../lib/adapters/memory/entry.js';
import { EntryTable } from '../../../../lib/adapters/memory/entry-table.js';
import type { EventId, ExecutionId, ProcessId } from '../../../../lib/model/ids.js';

const work = new DefinitionWork('orders.handle', 'f');

function entryOf(key: number): Entry {
  const id = `execution ${key}` as ExecutionId;
  const given = { id, input: '', schemaHash: null, lane: '', priority: 0, depth: 0, listening: [] };
  return new Entry(key, given, work, `event ${key}` as EventId, 'order.placed', null, 0);
}

function leaseOf({ id: executionId }: Entry, key: number) {
  return { executionId, key, owner: 'p' as ProcessId, fence: 1 };
}

describe('EntryTable', () => {
  it('finds by lease and by id what is there and nothing else, and keeps the order of creation, while entries come and go', () => {
    const table = new EntryTable();
    const there = new Map<number, Entry>();
    const gone: Entry[] = [];
    for (let key = 1; key <= 5_000; key++) {
      const entry = entryOf(key);
      table.add(entry);
      there.set(key, entry);
      // Now and then somebody looks by id, so that the index knows some and not others.
      if (key % 50 === 0) table.find(entry.id);
      const other = there.get((key * 7_919) % key);
      if (other === undefined || (key % 3 === 0 && there.size < 300)) continue;
      table.remove(other);
      there.delete(other.key);
      gone.push(other);
    }
    for (const entry of there.values()) expect(table.leased(leaseOf(entry, entry.key))).toBe(entry);
    for (const entry of gone) expect(table.leased(leaseOf(entry, entry.key))).toBe(undefined);
    expect([...table]).toEqual([...there.values()]);
    for (const entry of there.values()) expect(table.find(entry.id)).toBe(entry);
    for (const entry of gone) expect(table.find(entry.id)).toBe(undefined);
  });

  it('finds what a lease is of by its id where the key is another', () => {
    const table = new EntryTable();
    const [first, second] = [entryOf(1), entryOf(2)];
    table.add(first);
    table.add(second);
    expect(table.leased(leaseOf(first, 2))).toBe(first);
    expect(table.leased(leaseOf(second, 77))).toBe(second);
  });

  it('holds for possibly known each id of an event that it was told, and no greater one of that length', () => {
    const table = new EntryTable();
    for (const id of ['b1', 'a7', 'zzz']) table.know(id as EventId);
    const known = ['a7', 'b0', 'b1', 'b2', 'zz', 'zzz', 'zzzz'].filter((id) => table.mayKnow(id as EventId));
    expect(known).toEqual(['a7', 'b0', 'b1', 'zzz']);
  });
});
