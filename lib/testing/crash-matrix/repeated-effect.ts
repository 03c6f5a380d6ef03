import type { EffectCount } from './effect-call.js';
import type { Finding } from './finding.js';

/** An effect that happened more often than `expected`; null: a retry or a resume repeated it without any crash. */
export function repeatedEffect(count: EffectCount, expected: number | null): Finding {
  const { effect, step, times } = count;
  const where = count.isOutsideSteps ? ', in the handler outside its steps,' : '';
  const instead = expected === null ? '' : expected === 0 ? ' instead of never' : ` instead of ${expected}`;
  return {
    kind: 'repeated-effect',
    step,
    effect,
    found: `${effect}${where} takes effect ${times} times${instead}`,
    write: cureOf(count),
  };
}

function cureOf({ effect, isOutsideSteps, hasKeys }: EffectCount): string {
  if (isOutsideSteps)
    return `The handler begins anew on each resume: move the call into a step, await step('name', () => …). ${harmless(effect)}`;
  if (hasKeys)
    return `Its key differs when the body runs again. Pass execution().idempotencyKey; when that one differs, the step's arguments do: make time, ids and chance in a step of their own, or by execution().now(), uuid(), random()`;
  return `Pass execution().idempotencyKey to ${effect}, so that the receiver drops the repeat. Where it takes none: set by a key of your own instead of adding, or write @Step({ atMostOnce: true }) and catch StepInterruptedError. ${harmless(effect)}`;
}

function harmless(effect: string): string {
  return `If a repeat does no harm: repeatable: ['${effect}']`;
}
