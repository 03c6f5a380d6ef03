const WAYS = [Symbol.asyncDispose, Symbol.dispose, 'dispose', 'onModuleDestroy'] as const;

/** Ends each instance in turn by the first way it has; what fails is thrown together at the end. */
export async function disposeAll(instances: readonly object[]): Promise<void> {
  const errors: unknown[] = [];
  for (const instance of instances) {
    try {
      await disposeOne(instance);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} instances could not be disposed`);
}

async function disposeOne(instance: object): Promise<void> {
  for (const way of WAYS) {
    const dispose: unknown = Reflect.get(instance, way);
    if (typeof dispose !== 'function') continue;
    await Reflect.apply(dispose, instance, []);
    return;
  }
}
