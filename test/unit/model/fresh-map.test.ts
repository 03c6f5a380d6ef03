import { FreshMap } from '../../../lib/model/fresh-map.js';

function filled(count: number): FreshMap<number, string> {
  const map = new FreshMap<number, string>();
  for (let i = 0; i < count; i++) map.set(i, `value ${i}`);
  return map;
}

describe('FreshMap', () => {
  it('answers as a Map does while entries come and go', () => {
    const map = new FreshMap<number, number>();
    const native = new Map<number, number>();
    for (let i = 0; i < 5_000; i++) {
      const key = (i * 7_919) % 600;
      const goes = i % 3 === 0 || native.size > 400;
      const apply = (
        to: Pick<FreshMap<number, number>, 'delete'> & { set(key: number, value: number): unknown },
      ): unknown => (goes ? to.delete(key) : void to.set(key, i));
      expect(apply(map)).toBe(apply(native));
      expect([map.size, map.has(key), map.get(key)]).toEqual([native.size, native.has(key), native.get(key)]);
    }
    expect([...map.keys()]).toEqual([...native.keys()]);
    expect([...map.values()]).toEqual([...native.values()]);
  });

  it('keeps the order of what comes one after the other, however many have gone', () => {
    const map = filled(100);
    for (let i = 100; i < 1_000; i++) {
      map.delete(i - 100);
      map.set(i, `value ${i}`);
    }
    expect([...map.keys()]).toEqual(Array.from({ length: 100 }, (_, i) => 900 + i));
  });

  it('lets whoever iterates delete what they meet', () => {
    const map = filled(500);
    const met: number[] = [];
    for (const key of map.keys()) {
      met.push(key);
      map.delete(key);
    }
    expect(met).toHaveLength(500);
    expect(map.size).toBe(0);
  });

  it('holds nothing once it is cleared', () => {
    const map = filled(40);
    map.clear();
    expect([map.size, map.get(3), [...map.values()]]).toEqual([0, undefined, []]);
  });
});
