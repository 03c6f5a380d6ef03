import { bootstrap, memoryStore, OnEvent, silentLogger, type Store, Worker } from 'holdfast';
import { shared } from '../../../lib/ports/current-execution.js';

@Worker('plain')
class Plain {
  @OnEvent('start')
  async go(): Promise<number> {
    return 1;
  }
}

test('a bootstrap that fails at its store leaves nothing behind', async () => {
  const store: Store = memoryStore();
  let opened = 0;
  const open = store.open.bind(store);
  const close = store.close.bind(store);
  Object.assign(store, {
    open: (context: Parameters<Store['open']>[0]) => {
      opened++;
      return open(context);
    },
    close: () => {
      opened--;
      return close();
    },
    subscribe: () => Promise.reject(new Error('read-only')),
  });
  const before = shared().detached.size;
  const boot = bootstrap({ workers: [Plain], store, logger: silentLogger });
  await expect(boot).rejects.toThrow('read-only');
  expect([opened, shared().detached.size]).toEqual([0, before]);
});
