import { checkLimits } from '../../model/event-limits.js';
import type { Limits } from '../../model/limits.js';
import type { EventChecker } from '../../ports/event-checker.js';

/** Lets a checker see only data that the limits allow. */
export function limitedChecker(checker: EventChecker, limits: () => Limits): EventChecker {
  return {
    schemaHash: checker.schemaHash,
    check(data) {
      const violations = checkLimits(data, limits());
      return violations.length > 0 ? { ok: false, violations } : checker.check(data);
    },
    restore: (data) => checker.restore(data),
  };
}
