import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { holdfastErrors } from '../../lib/adapters/codec/holdfast-errors.js';
import { errorKindOf } from '../../lib/model/error-kinds.js';
import type { HoldfastError } from '../../lib/model/errors.js';
import { CrashMatrixError } from '../../lib/testing/crash-matrix/crash-matrix-error.js';
import { SimulationError } from '../../lib/testing/simulate/simulation-report.js';
import { UnrepeatableSimulationError } from '../../lib/testing/simulate/violation.js';
import { SettleTimeoutError } from '../../lib/testing/settle-timeout-error.js';

const root = join(__dirname, '../..');

/** The members of the union `ErrorCode`, as the source writes them. */
function errorCodes(): string[] {
  const path = join(root, 'lib/model/error-kinds.ts');
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022);
  const alias = file.statements
    .filter(ts.isTypeAliasDeclaration)
    .find(({ name }) => name.text === 'ErrorCode');
  if (alias === undefined || !ts.isUnionTypeNode(alias.type))
    throw new Error('lib/model/error-kinds.ts has no union ErrorCode');
  return alias.type.types.flatMap((type) =>
    ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? [type.literal.text] : [],
  );
}

/** The codes that have a heading of their own in docs/errors.md, with or without backticks. */
function sections(): string[] {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  return [...page.matchAll(/^#{2,4}\s.*?\b([A-Z][A-Z_]+)\b`?.*$/gm)].map((match) => match[1] ?? '');
}

test('every error code has a section in docs/errors.md', () => {
  const documented = new Set(sections());
  expect(errorCodes()).toContain('DEFINITION_INVALID');
  expect(errorCodes().filter((code) => !documented.has(code))).toEqual([]);
});

test('docs/errors.md has no section for a code that does not exist', () => {
  const codes = new Set(errorCodes());
  expect(sections().filter((code) => !codes.has(code))).toEqual([]);
});

/** Stands for whatever a constructor asks of its arguments. */
const anything: unknown = new Proxy(() => {}, {
  apply: () => anything,
  get: (_, key) => {
    if (key === Symbol.toPrimitive) return () => 'x';
    return key === Symbol.iterator ? [][Symbol.iterator].bind([]) : anything;
  },
});

function madeOf(type: unknown): HoldfastError {
  const make = type as new (...args: readonly unknown[]) => HoldfastError;
  try {
    return new make(anything, anything, anything, anything);
  } catch {
    // RetryAfterError takes a duration and nothing else.
    return new make('a', 1);
  }
}

test('the table of kinds in docs/errors.md says what the classes say', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| `(\w+)` \| (\w+) \| (\w+) \| (.+) \|$/gm)];
  const documented = Object.fromEntries(
    rows.map(([, code = '', name, category, severity, retryable]) => [
      code,
      { name, category, severity, retryable },
    ]),
  );
  const leaves: readonly unknown[] = [
    ...holdfastErrors.values(),
    SettleTimeoutError,
    CrashMatrixError,
    SimulationError,
    UnrepeatableSimulationError,
  ];
  const errors = leaves.map(madeOf);
  const declared = errors.map((error) => {
    const { category, severity } = errorKindOf(error.code);
    const isStepError = error.code === 'STEP_FAILED';
    const retryable = isStepError ? 'as the original' : error.retryable ? 'yes' : 'no';
    const name = isStepError ? 'StepError' : error.name;
    return [error.code, { name, category, severity, retryable }] as const;
  });
  expect(documented).toEqual(Object.fromEntries(declared));
  expect(Object.keys(documented).toSorted()).toEqual(errorCodes().toSorted());
});
