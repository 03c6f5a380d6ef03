import { compileFunction } from 'node:vm';
import { transformSync as esbuild } from 'esbuild';
import {
  bootstrap,
  Compensate,
  Concurrency,
  Debounce,
  defineEvents,
  DefinitionError,
  Every,
  memoryStore,
  OnAlarm,
  OnError,
  OnEvent,
  OnIdle,
  RateLimit,
  RenamedFrom,
  Retry,
  Step,
  Timeout,
  Worker,
  type WorkerClass,
} from 'holdfast';
import { z } from 'zod';
import { builds } from './builds.js';

const users = defineEvents(z.discriminatedUnion('type', [z.object({ type: z.literal('user.left') })]));

const decorators = {
  Compensate,
  Concurrency,
  Debounce,
  Every,
  OnAlarm,
  OnError,
  OnEvent,
  OnIdle,
  OnUser: users.OnEvent,
  RateLimit,
  RenamedFrom,
  Retry,
  Step,
  Timeout,
  Worker,
};

/** The class of the source, as that build makes it. */
function load(source: string, build: (code: string) => string): WorkerClass {
  const body = `${build(`function make() { ${source}; return C; }`)}; return make();`;
  const make = compileFunction(body, [...Object.keys(decorators), 'Reflect']);
  return make(...Object.values(decorators), Reflect) as WorkerClass;
}

/** What is wrong with the class at boot, as `Class.member: found. write`. */
async function mistakesOf(type: WorkerClass): Promise<string[]> {
  const error: unknown = await bootstrap({ workers: [type], store: memoryStore() }).catch(
    (reason: unknown) => reason,
  );
  if (!(error instanceof DefinitionError)) throw error;
  return error.mistakes.map(
    ({ class: owner, member, found, write }) =>
      `${owner}${member === null ? '' : `.${member}`}: ${found}. ${write}`,
  );
}

const handler = "@OnEvent('a') handle() {}";

describe.each(builds)('built by %s, without parentheses', (_, __, build) => {
  test.each([
    ['Step', 'Step', '@Step()'],
    ['OnEvent', 'OnEvent', '@OnEvent(SomeEvent)'],
    ['OnUser', 'OnEvent', '@OnEvent(SomeEvent)'],
    ['Every', 'Every', "@Every('5 minutes')"],
    ['Debounce', 'Debounce', "@Debounce(SomeEvent, { key: 'id', flushAfter: '2s' })"],
    ['Compensate', 'Compensate', "@Compensate('charge')"],
    ['RenamedFrom', 'RenamedFrom', "@RenamedFrom('charge')"],
    ['OnAlarm', 'OnAlarm', '@OnAlarm()'],
    ['OnIdle', 'OnIdle', '@OnIdle()'],
    ['OnError', 'OnError', '@OnError()'],
    ['Retry', 'Retry', '@Retry({ maxAttempts: 3 })'],
    ['Timeout', 'Timeout', "@Timeout('30s')"],
    ['Concurrency', 'Concurrency', '@Concurrency(5)'],
    ['RateLimit', 'RateLimit', "@RateLimit({ limit: 5, per: '1s' })"],
  ])('@%s on a method is told at boot', async (written, name, form) => {
    const type = load(`@Worker('sample') class C { ${handler} @${written} async pay() {} }`, build);
    expect(await mistakesOf(type)).toEqual([`C.pay: @${name} stands without parentheses. Write ${form}`]);
  });

  test.each(['Retry', 'Timeout', 'Concurrency', 'RateLimit'])(
    '@%s on a class is told at boot',
    async (name) => {
      const type = load(`@Worker('sample') @${name} class C { ${handler} }`, build);
      expect(await mistakesOf(type)).toEqual([
        expect.stringContaining(`C: @${name} stands without parentheses. Write @${name}(`),
      ]);
    },
  );

  test('each is told by its own name, and those beside it are kept', async () => {
    const type = load(
      `@Worker('sample') class C { ${handler} @Step() @Retry async pay() {} @Timeout @Step() async ship() {} @Step static all() {} }`,
      build,
    );
    expect(await mistakesOf(type)).toEqual([
      'C.pay: @Retry stands without parentheses. Write @Retry({ maxAttempts: 3 })',
      "C.ship: @Timeout stands without parentheses. Write @Timeout('30s')",
      'C.all: @Step stands without parentheses. Write @Step()',
    ]);
  });

  test('the method stays as it is written', () => {
    const type = load("@Worker('sample') class C { @Step pay() { return 5; } }", build);
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, 'pay') as PropertyDescriptor;
    expect(descriptor).toMatchObject({ configurable: true, enumerable: false });
    expect((descriptor.value as () => number)()).toBe(5);
  });
});

test.each([
  ['Step', 'class C { @Step pay() {} }'],
  ['Timeout', '@Timeout class C {}'],
])('@%s as a standard decorator says which option is missing, without parentheses too', (name, source) => {
  const standard = (code: string): string => esbuild(code, { loader: 'ts', target: 'es2022' }).code;
  expect(() => load(source, standard)).toThrow(
    `@${name} was compiled as a standard decorator. Set "experimentalDecorators"`,
  );
});
