import { codeOf, errorClassOf, fieldNamesOf, isError, isRetryable, nameOf } from './error-shape.js';
import type { StorableTypes } from './storable-types.js';
import { define, type Json, tagged } from './tagged.js';
import { ValueEncoder } from './value-encoder.js';

const TEXT = 8 * 1024;
const CAUSES = 8;
const ERRORS = 64;
const FIELDS = 64;
const FIELD_TEXT = 8 * 1024;
const FIELDS_TEXT = 32 * 1024;
const FIELD_NODES = 4_096;

/** Turns a thrown error into tagged JSON; leaves out what cannot be read or stored, and never throws. */
export class FailureEncoder {
  private readonly types: StorableTypes;
  private readonly above = new Set<object>();
  private errors = ERRORS;
  private fieldsText = FIELDS_TEXT;

  constructor(types: StorableTypes) {
    this.types = types;
  }

  error(error: Error, depth = 0): Json {
    this.above.add(error);
    const hooked = attempt(() => this.hooked(error));
    const json = hooked ?? this.described(error, depth);
    this.above.delete(error);
    return json;
  }

  /** A registered class says itself what is kept of its instances. */
  private hooked(error: Error): Json | undefined {
    const registered = this.types.ofPrototype(Object.getPrototypeOf(error) as object);
    if (registered?.type.toStored === undefined) return undefined;
    return this.value(error, FIELD_TEXT * 4);
  }

  private described(error: Error, depth: number): Json {
    const { kind, id } = attempt(() => errorClassOf(error, this.types)) ?? { kind: 'other', id: '' };
    const body: { [key: string]: Json } = {
      name: cut(attempt(() => nameOf(error)) ?? 'Error', 256),
      message: cut(attempt(() => String(error.message)) ?? ''),
      code: attempt(() => cutOrNull(codeOf(error))) ?? null,
      retryable: attempt(() => isRetryable(error)) ?? true,
      stack: attempt(() => (typeof error.stack === 'string' ? cut(error.stack) : null)) ?? null,
    };
    if ((kind === 'builtin' || kind === 'holdfast') && !ownsHiddenName(error)) delete body['name'];
    this.causes(error, body, depth);
    body['fields'] = this.fields(error);
    return tagged('error', kind, id, body);
  }

  private causes(error: Error, body: { [key: string]: Json }, depth: number): void {
    const cause = attempt(() => (Object.hasOwn(error, 'cause') ? this.inner(error.cause, depth) : undefined));
    if (cause !== undefined) body['cause'] = cause;
    const errors = attempt(() =>
      Object.hasOwn(error, 'errors') ? (error as { errors?: unknown }).errors : undefined,
    );
    if (!Array.isArray(errors)) return;
    body['errors'] = errors
      .slice(0, ERRORS)
      .map((inner) => attempt(() => this.inner(inner, depth)))
      .filter((inner) => inner !== undefined);
  }

  private inner(value: unknown, depth: number): Json | undefined {
    if (typeof value !== 'object' || value === null || !isError(value)) return this.value(value, FIELD_TEXT);
    if (this.above.has(value) || depth + 1 >= CAUSES || --this.errors < 0) return undefined;
    return this.error(value, depth + 1);
  }

  private fields(error: Error): Json {
    const out: { [key: string]: Json } = {};
    for (const key of (attempt(() => fieldNamesOf(error)) ?? []).slice(0, FIELDS)) {
      const field = attempt(() => this.value((error as unknown as Record<string, unknown>)[key], FIELD_TEXT));
      if (field !== undefined && key.length <= 256) define(out, key, field);
    }
    return out;
  }

  private value(value: unknown, maxText: number): Json | undefined {
    const json = new ValueEncoder(this.types, FIELD_NODES).encode(value);
    const length = JSON.stringify(json).length;
    if (length > maxText || length > this.fieldsText) return undefined;
    this.fieldsText -= length;
    return json;
  }
}

/** What is kept of a thrown value that is no error and cannot be stored either. */
export function describeThrown(thrown: unknown, reason: string): Json {
  const kind = typeof thrown;
  const text = kind === 'string' ? `: ${(thrown as string).slice(0, 1_024)}…` : '';
  return tagged('error', 'other', '', {
    name: 'NonError',
    message: `a value of type ${kind} was thrown that cannot be kept (${cut(reason, 1_024)})${text}`,
    code: null,
    retryable: true,
    stack: null,
    fields: {},
  });
}

function ownsHiddenName(error: Error): boolean {
  return attempt(() => Object.getOwnPropertyDescriptor(error, 'name')?.enumerable === false) ?? false;
}

/** The answer, or undefined if asking throws: getters and proxies of a thrown value may do anything. */
function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

function cut(text: string, length = TEXT): string {
  return text.length > length ? text.slice(0, length) : text;
}

function cutOrNull(text: string | null): string | null {
  return text === null ? null : cut(text, 256);
}
