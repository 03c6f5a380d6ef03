/**
 * Test files share one process, and each has a storage of its own for the current execution. On Node 20 every promise visits
 * every storage that was ever used and not disabled: without this, each file would be slower than the one before.
 */
afterAll(() => {
  const home = globalThis as {
    readonly [key: symbol]: { readonly storage: { disable(): void } } | undefined;
  };
  home[Symbol.for('holdfast/1')]?.storage.disable();
});
