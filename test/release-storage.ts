import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Test files share one process, and each has storages of its own: the runner's, and that of the current execution. On
 * Node 20 every promise visits every storage that was ever used and not disabled: without this, each file would be slower
 * than the one before.
 */
const release = Symbol.for('holdfast test storages');
const prototype: Pick<AsyncLocalStorage<unknown>, 'run' | 'enterWith'> & { [release]?: () => void } =
  AsyncLocalStorage.prototype;

prototype[release]?.();

const { run, enterWith } = prototype;
const used = new Set<AsyncLocalStorage<unknown>>();

Object.assign(prototype, {
  run(this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof run>) {
    used.add(this);
    return Reflect.apply(run, this, args) as unknown;
  },
  enterWith(this: AsyncLocalStorage<unknown>, store: unknown) {
    used.add(this);
    Reflect.apply(enterWith, this, [store]);
  },
  [release]() {
    for (const storage of used) storage.disable();
    Object.assign(prototype, { run, enterWith });
  },
});
