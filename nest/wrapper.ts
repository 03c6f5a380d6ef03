import { ModuleRef, type ModulesContainer } from '@nestjs/core';

/** A module as Nest keeps it. */
export type NestModule = NonNullable<ReturnType<ModulesContainer['get']>>;

/** A provider as Nest keeps it, with the instance that it made. */
export type Wrapper = NonNullable<ReturnType<NestModule['providers']['get']>>;

/** Whether every pass gets an instance of its own. */
export function isScoped(wrapper: Wrapper): boolean {
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}

/** What the module itself would inject. */
export function refOf(module: NestModule): ModuleRef {
  return module.getProviderByKey<ModuleRef>(ModuleRef).instance;
}

/** The name of a module's class. */
export function titleOf(module: NestModule | undefined): string {
  return module?.metatype?.name ?? 'a module';
}
