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

/** Tells of each renewal of the process's lease, once it is stored: when it was sent, epoch ms. */
export function watchRenewals(store: Store, renewed: (sentAt: number) => void): Store {
  return withMethods(store, {
    heartbeat: async (process, leaseMs, known) => {
      const sentAt = Date.now();
      const answer = await store.heartbeat(process, leaseMs, known);
      renewed(sentAt);
      return answer;
    },
  });
}
