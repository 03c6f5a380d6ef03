import type { DynamicModule, Provider } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  defineEvent,
  memoryStore,
  OnEvent,
  silentLogger,
  Step,
  Worker,
  type WorkerApp,
} from '../../../lib/entries/index.js';
import { WorkerModule, type WorkerModuleOptions } from '../../../nest/index.js';

const withId: StandardSchemaV1<{ id: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { id: string } }) },
};

export const Ping = defineEvent('ping', withId);
export const Pong = defineEvent('pong', withId);

@Worker('pings')
export class PingWorker {
  @OnEvent(Ping)
  async answer(ping: { id: string }): Promise<string> {
    return this.compose(ping.id);
  }

  @Step()
  compose(id: string): string {
    return `pong ${id}`;
  }
}

export interface Shape {
  readonly options?: WorkerModuleOptions;
  readonly imports?: NonNullable<DynamicModule['imports']>;
  readonly providers?: Provider[];
}

/** An application on a memory store, made and not begun. */
export function compile({ options = {}, imports = [], providers = [] }: Shape): Promise<TestingModule> {
  const root = WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger, ...options });
  return Test.createTestingModule({ imports: [root, ...imports], providers }).compile();
}

/** The same, come up. */
export async function begin(shape: Shape): Promise<TestingModule> {
  const module = await compile(shape);
  await module.init();
  return module;
}

export function ping(app: WorkerApp, id = '1'): Promise<readonly unknown[]> {
  return app.execute(Ping, { id });
}

/** The `DefinitionError` mistakes that keep an application from coming up, as [class, member, found]. */
export async function mistakesOf(
  shape: Shape,
): Promise<readonly (readonly [string, string | null, string])[]> {
  const module = await compile(shape);
  const error = await module.init().then(
    () => null,
    (reason: unknown) =>
      reason as { mistakes?: readonly { class: string; member: string | null; found: string }[] },
  );
  return (error?.mistakes ?? []).map(({ class: type, member, found }) => [type, member, found] as const);
}
