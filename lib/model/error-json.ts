import {
  errorKindOf,
  isErrorCategory,
  isErrorSeverity,
  type ErrorCategory,
  type ErrorSeverity,
} from './error-kinds.js';

const CAUSES = 4;
const ERRORS = 16;
const DEPTH = 4;
/** Values that the fields of one error, and of all together, may hold. */
const NODES = 64;
const ALL_NODES = 256;
/** Errors that are told of in all. */
const ALL_ERRORS = 32;
const TEXT = 2_048;

/** What `JSON.stringify` can write as it is. */
export type PlainJson =
  | string
  | number
  | boolean
  | null
  | readonly PlainJson[]
  | { readonly [key: string]: PlainJson };

/** An error as data, for logs and answers. Its keys are always these; it holds no stack. */
export interface ErrorJson {
  readonly name: string;
  readonly message: string;
  /** Null where the error has none. */
  readonly code: string | null;
  readonly category: ErrorCategory;
  readonly severity: ErrorSeverity;
  readonly retryable: boolean;
  /** Its further fields, such as `violations`; left out when it has none. Long texts and deep values are cut. */
  readonly details?: { readonly [key: string]: PlainJson };
  /** Its cause, at most 4 deep; left out when it has none. */
  readonly cause?: ErrorJson;
  /** The errors that it gathers, at most 16; left out when it gathers none. */
  readonly errors?: readonly ErrorJson[];
}

const told: ReadonlySet<string> = new Set([
  'name',
  'message',
  'code',
  'category',
  'severity',
  'retryable',
  'stack',
  'cause',
  'errors',
]);

/** Describes anything that was thrown. Never throws: getters and proxies may do what they like. */
export function errorJson(thrown: unknown): ErrorJson {
  return described(thrown, 0, { errors: ALL_ERRORS, nodes: ALL_NODES });
}

interface Budget {
  errors: number;
  nodes: number;
}

function described(thrown: unknown, depth: number, budget: Budget): ErrorJson {
  budget.errors--;
  if (typeof thrown !== 'object' || thrown === null)
    return {
      name: 'NonError',
      message: cut(attempt(() => String(thrown)) ?? `a ${typeof thrown}`),
      ...kindOf({}, null),
    };
  const field = (key: string): unknown => attempt(() => (thrown as Readonly<Record<string, unknown>>)[key]);
  const code = field('code');
  const cause = field('cause');
  const errors = field('errors');
  const details = detailsOf(thrown, budget);
  const goesOn = (): boolean => depth + 1 < CAUSES && budget.errors > 0;
  return {
    name: textOr(field('name'), 'NonError'),
    message: textOr(field('message'), 'something without a message was thrown'),
    ...kindOf(
      { category: field('category'), severity: field('severity'), isFinal: isFinal(field) },
      typeof code === 'string' || typeof code === 'number' ? cut(String(code)) : null,
    ),
    ...(details === null ? null : { details }),
    ...(cause == null || !goesOn() ? null : { cause: described(cause, depth + 1, budget) }),
    ...(!Array.isArray(errors) || !goesOn() ? null : { errors: gathered(errors, depth, budget) }),
  };
}

function gathered(errors: readonly unknown[], depth: number, budget: Budget): readonly ErrorJson[] {
  const out: ErrorJson[] = [];
  for (const each of errors.slice(0, ERRORS))
    if (budget.errors > 0) out.push(described(each, depth + 1, budget));
  return out;
}

interface Marks {
  readonly category?: unknown;
  readonly severity?: unknown;
  readonly isFinal?: boolean;
}

function kindOf(
  { category, severity, isFinal: final }: Marks,
  code: string | null,
): Pick<ErrorJson, 'code' | 'category' | 'severity' | 'retryable'> {
  const byCode = errorKindOf(code ?? '');
  return {
    code,
    category: isErrorCategory(category) ? category : byCode.category,
    severity: isErrorSeverity(severity) ? severity : byCode.severity,
    retryable: final !== true,
  };
}

function isFinal(field: (key: string) => unknown): boolean {
  return field('retryable') === false || field('isNonRetryable') === true;
}

function detailsOf(error: object, budget: Budget): ErrorJson['details'] | null {
  const keys = (attempt(() => Object.keys(error)) ?? []).filter((key) => !told.has(key));
  const own = { nodes: Math.min(NODES, budget.nodes) };
  const details = fieldsOf(error, keys, 1, own);
  budget.nodes -= NODES;
  return Object.keys(details).length === 0 ? null : details;
}

function fieldsOf(
  value: object,
  keys: readonly string[],
  depth: number,
  budget: Pick<Budget, 'nodes'>,
): { readonly [key: string]: PlainJson } {
  const out: { [key: string]: PlainJson } = {};
  for (const key of keys) {
    const field = attempt(() => plain((value as Readonly<Record<string, unknown>>)[key], depth, budget));
    if (field === undefined) continue;
    Object.defineProperty(out, cut(key), { value: field, enumerable: true, configurable: true });
  }
  return out;
}

/** What JSON can say of a value; undefined where it can say nothing. */
function plain(value: unknown, depth: number, budget: Pick<Budget, 'nodes'>): PlainJson | undefined {
  if (--budget.nodes < 0) return undefined;
  switch (typeof value) {
    case 'string':
      return cut(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return cut(value.toString());
    case 'object':
      return value === null ? null : plainObject(value, depth, budget);
    default:
      return undefined;
  }
}

function plainObject(value: object, depth: number, budget: Pick<Budget, 'nodes'>): PlainJson | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth >= DEPTH) return undefined;
  if (Array.isArray(value)) {
    const items = value.slice(0, NODES).map((item) => attempt(() => plain(item, depth + 1, budget)));
    return items.filter((item) => item !== undefined);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined;
  return fieldsOf(value, Object.keys(value), depth + 1, budget);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? cut(value) : otherwise;
}

/** The answer, or undefined if asking throws. */
function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > TEXT ? `${text.slice(0, TEXT)}…` : text;
}
