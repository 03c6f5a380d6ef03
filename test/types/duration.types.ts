import { expectTypeOf } from 'expect-type';
import type { Duration } from 'holdfast';

expectTypeOf<'5 minutes'>().toExtend<Duration>();
expectTypeOf<'30s'>().toExtend<Duration>();
expectTypeOf<number>().toExtend<Duration>();
expectTypeOf<'5 minuts'>().not.toExtend<Duration>();
expectTypeOf<'soon'>().not.toExtend<Duration>();
expectTypeOf<string>().not.toExtend<Duration>();

// @ts-expect-error A misspelt unit does not compile.
export const misspelt: Duration = '5 minuts';
