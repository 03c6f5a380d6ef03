import type { Store } from 'holdfast';

/** The store with some of its methods replaced. */
export function withMethods(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const replacement: unknown = Reflect.get(methods, name);
      if (replacement !== undefined) return replacement;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Tells when a renewal of the process's lease came too late for the engine to rely on it: since when, epoch ms. */
export function watchRenewals(store: Store, limitMs: number, late: (since: number) => void): Store {
  let sentAt: number | null = null;
  return withMethods(store, {
    heartbeat: async (process, leaseMs) => {
      const now = Date.now();
      const answer = await store.heartbeat(process, leaseMs);
      if (sentAt !== null && Date.now() - sentAt > limitMs) late(sentAt + limitMs);
      sentAt = now;
      return answer;
    },
  });
}
