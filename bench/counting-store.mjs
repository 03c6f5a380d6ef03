/** Counts the calls a store gets, and the writes that its groups hold. */
export function countingStore(store) {
  const calls = new Map();
  const counts = { groups: 0, writes: 0 };
  const counted = new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args) => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        if (name === 'write') {
          counts.groups++;
          counts.writes += args[0].length;
        }
        return value.apply(target, args);
      };
    },
  });
  return {
    store: counted,
    counts,
    calls,
    reset: () => {
      calls.clear();
      counts.groups = counts.writes = 0;
    },
  };
}
