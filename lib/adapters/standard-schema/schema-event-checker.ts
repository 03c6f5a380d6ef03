import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Violation } from '../../model/violation.js';
import type { CheckedEvent, EventChecker } from '../../ports/event-checker.js';

/** Whether the value is a Standard Schema; some libraries make theirs functions, so ask before taking one for a class. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    '~standard' in value &&
    typeof (value as StandardSchemaV1)['~standard']?.validate === 'function'
  );
}

/**
 * Checks by any Standard Schema (zod, valibot, arktype…), synchronous or not. What the schema gives out is stored, and
 * handlers get exactly that. What a schema throws beyond its issues is passed on; a full stack is a violation.
 */
export function schemaEventChecker(schema: StandardSchemaV1): EventChecker {
  const standard = schema['~standard'];
  return {
    schemaHash: null,
    check(data) {
      try {
        const result = standard.validate(data);
        return result instanceof Promise ? result.then(checked, refusedIfTooDeep) : checked(result);
      } catch (error) {
        return refusedIfTooDeep(error);
      }
    },
    restore: (data) => data,
  };
}

function checked(result: StandardSchemaV1.Result<unknown>): CheckedEvent {
  if (result.issues === undefined) return { ok: true, data: result.value };
  return { ok: false, violations: result.issues.map(violation) };
}

function violation(issue: StandardSchemaV1.Issue): Violation {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return { path, message: issue.message };
}

function refusedIfTooDeep(error: unknown): CheckedEvent {
  if (!(error instanceof RangeError)) throw error;
  return { ok: false, violations: [{ path: '', message: 'is nested too deeply for its schema' }] };
}
