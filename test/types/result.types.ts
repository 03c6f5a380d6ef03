import { expectTypeOf } from 'expect-type';
import {
  chainResult,
  combineResults,
  Failure,
  isFailure,
  isSuccess,
  mapError,
  mapResult,
  matchResult,
  NonRetryableError,
  safeAsync,
  Step,
  Success,
  unwrapOr,
  unwrapResult,
  Worker,
  type Outcome,
  type OutcomeError,
  type Result,
  type Storable,
} from 'holdfast';

class CardDeclined extends NonRetryableError {
  override readonly code = 'CARD_DECLINED';
  override readonly category = 'business';
  readonly limit = 100 as number;
}

interface Receipt {
  readonly id: string;
}

@Worker()
class Payments {
  @Step()
  async charge(total: number) {
    return total > 100 ? Failure(new CardDeclined('limit')) : Success({ id: 'r1' });
  }

  @Step()
  async declared(total: number): Promise<Result<Receipt, CardDeclined>> {
    return this.charge(total);
  }

  @Step()
  async safely(): Promise<Result<string>> {
    return safeAsync(async () => 'body');
  }
}

declare const payments: Payments;
declare const outcome: Outcome<Receipt>;
declare const result: Result<Receipt, CardDeclined>;

export async function narrowing(): Promise<void> {
  const charged = await payments.charge(5);
  if (isFailure(charged)) expectTypeOf(charged.error).toEqualTypeOf<CardDeclined>();
  else expectTypeOf(charged.value).toEqualTypeOf<{ id: string }>();
  if (isSuccess(outcome)) {
    expectTypeOf(outcome.value).toEqualTypeOf<Receipt>();
    expectTypeOf(outcome.metadata.worker).toEqualTypeOf<string>();
  } else {
    expectTypeOf(outcome.error.failedStep).toEqualTypeOf<string | null>();
    expectTypeOf(outcome.error.completedSteps).toEqualTypeOf<readonly string[]>();
    expectTypeOf(outcome.error.message).toEqualTypeOf<string>();
    expectTypeOf(outcome.error.cause).toEqualTypeOf<unknown>();
    if (outcome.error instanceof CardDeclined) expectTypeOf(outcome.error.limit).toEqualTypeOf<number>();
  }
  expectTypeOf(mapResult(Success(1), String)).toEqualTypeOf<Result<string, never>>();
  expectTypeOf(mapError(Failure('x'), (text) => text.length)).toEqualTypeOf<Result<never, number>>();
  // @ts-expect-error not before it is known to be one
  void result.value;
}

expectTypeOf(unwrapResult(outcome)).toEqualTypeOf<Receipt>();
expectTypeOf(unwrapResult(result)).toEqualTypeOf<Receipt>();
expectTypeOf(unwrapOr(outcome, null)).toEqualTypeOf<Receipt | null>();
expectTypeOf(mapResult(outcome, (receipt) => receipt.id)).toEqualTypeOf<Result<string, OutcomeError>>();
expectTypeOf(mapError(result, (error) => error.code)).toEqualTypeOf<Result<Receipt, string>>();
expectTypeOf(
  chainResult(result, (receipt) => (receipt.id === '' ? Failure('empty' as const) : Success(1))),
).toEqualTypeOf<Result<number, CardDeclined | 'empty'>>();
expectTypeOf(
  matchResult(outcome, { success: ({ id }) => id.length, failure: () => 0 }),
).toEqualTypeOf<number>();
expectTypeOf(combineResults([result, Success(1)])).toEqualTypeOf<Result<[Receipt, number], CardDeclined>>();
declare const many: readonly Result<string>[];
expectTypeOf(combineResults(many)).toEqualTypeOf<Result<string[]>>();
expectTypeOf<Storable<Result<Receipt, CardDeclined>>>().toEqualTypeOf<Result<Receipt, CardDeclined>>();

// @ts-expect-error a promise is no result: await it first
isSuccess(payments.charge(5));
// @ts-expect-error a bare value is no result
unwrapResult({ id: 'r1' });
