import fc from 'fast-check';
import { decideRetry, type RetryDecision } from '../../../lib/model/decide-retry.js';
import { defaultRetryPolicy, type Backoff, type RetryPolicy } from '../../../lib/model/retry-policy.js';

const NOW = 1_000_000;

const ms = fc.integer({ min: 0, max: 1_000_000 });
const backoff: fc.Arbitrary<Backoff> = fc.oneof(
  fc.record({ kind: fc.constant('fixed' as const), delayMs: ms }),
  fc.record({ kind: fc.constant('linear' as const), initialMs: ms, incrementMs: ms, maxMs: ms }),
  fc.record({
    kind: fc.constant('exponential' as const),
    initialMs: ms,
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    maxMs: ms,
  }),
);
const policies = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 50 }),
  backoff,
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const unit = fc.double({ min: 0, max: 0.999_999, noNaN: true });

function decide(
  policy: Partial<RetryPolicy>,
  attempt: number,
  random = 0.5,
  error: unknown = new Error('x'),
): RetryDecision {
  const full = { ...defaultRetryPolicy, ...policy };
  return decideRetry({ policy: full, error, attempt, firstStartedAt: NOW, now: NOW, random });
}

test('a retry is never in the past, and never beyond what back-off and jitter allow', () => {
  fc.assert(
    fc.property(policies, fc.integer({ min: 1, max: 60 }), unit, (policy, attempt, random) => {
      const decision = decide(policy, attempt, random);
      const { backoff: chosen } = policy;
      const most =
        chosen.kind === 'fixed' ? chosen.delayMs : chosen.kind === 'custom' ? Number.NaN : chosen.maxMs;
      const at = decision.kind === 'retry' ? decision.at : NOW;
      expect(at).toBeGreaterThanOrEqual(NOW);
      expect(at).toBeLessThanOrEqual(NOW + Math.ceil(most * (1 + policy.jitter)) + 1);
      expect(Number.isSafeInteger(at)).toBe(true);
    }),
  );
});

test('the last attempt is final and exhausted, those before it are not', () => {
  fc.assert(
    fc.property(policies, fc.integer({ min: 1, max: 60 }), (policy, attempt) => {
      const decision = decide(policy, attempt);
      const expected = attempt < policy.maxAttempts ? { kind: 'retry' } : { kind: 'final', exhausted: true };
      expect(decision).toMatchObject(expected);
    }),
  );
});

test('without jitter, delays never shrink from attempt to attempt', () => {
  fc.assert(
    fc.property(backoff, fc.integer({ min: 1, max: 60 }), (chosen, attempt) => {
      const at = (which: number): number => {
        const decision = decide({ backoff: chosen, jitter: 0, maxAttempts: 100 }, which);
        return decision.kind === 'retry' ? decision.at : Number.NaN;
      };
      expect(at(attempt + 1)).toBeGreaterThanOrEqual(at(attempt));
    }),
  );
});

test('no attempt begins after maxDuration', () => {
  fc.assert(
    fc.property(policies, ms, unit, (policy, maxDurationMs, random) => {
      const decision = decide({ ...policy, maxDurationMs }, 1, random);
      const at = decision.kind === 'retry' ? decision.at : NOW;
      expect(at).toBeLessThanOrEqual(NOW + maxDurationMs);
    }),
  );
});

test.each([
  ['retryable: false', Object.assign(new Error('x'), { retryable: false })],
  ['isNonRetryable: true', { isNonRetryable: true }],
])('an error marked final by %s is not exhausted, it is final', (_, error) => {
  expect(decide({ maxAttempts: 9 }, 1, 0.5, error)).toEqual({ kind: 'final', exhausted: false });
});

test.each([
  ['says no', () => false],
  [
    'throws',
    () => {
      throw new Error('in the predicate');
    },
  ],
])('a predicate that %s ends it', (_, retryIf) => {
  expect(decide({ retryIf }, 1)).toEqual({ kind: 'final', exhausted: false });
});

test.each([
  [
    'throws',
    () => {
      throw new Error('in the back-off');
    },
  ],
  ['gives NaN', () => Number.NaN],
  ['gives a negative delay', () => -1],
  ['gives a delay without end', () => Number.POSITIVE_INFINITY],
  ['gives no number', () => Symbol('soon') as never],
])('a back-off of the user that %s ends it', (_, delayMs) => {
  expect(decide({ backoff: { kind: 'custom', delayMs } }, 1)).toEqual({ kind: 'final', exhausted: false });
});

test('the delay that a RetryAfterError asks for goes before the back-off, without jitter', () => {
  const error = { code: 'RETRY_AFTER', delayMs: 7_000 };
  expect(decide({ jitter: 1 }, 1, 0.9, error)).toEqual({ kind: 'retry', at: NOW + 7_000 });
});

test('a thrown value that is no object is retried like any other', () => {
  for (const thrown of [undefined, null, 'text', 0]) expect(decide({}, 1, 0.5, thrown).kind).toBe('retry');
});

test.each(['retryable', 'isNonRetryable', 'code', 'delayMs'])(
  'an error whose %s cannot be read is retried like any other',
  (name) => {
    const error = Object.defineProperty({ code: 'RETRY_AFTER' }, name, {
      get: () => {
        throw new Error('nobody reads it');
      },
    });
    expect(decide({}, 1, 0.5, error).kind).toBe('retry');
  },
);
