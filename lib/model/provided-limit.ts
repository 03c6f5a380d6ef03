import type { WorkerDefinition } from './definition.js';
import type { InjectionToken } from './injection-token.js';
import type { PolicyKey } from './policies.js';

/** A compiled worker whose limits may still have to be read; the engine gets the definition with their numbers. */
export interface CompiledWorker extends WorkerDefinition {
  /** Empty when every limit was written as a number. */
  readonly provided: readonly ProvidedLimit[];
}

/** A limit that a provider tells: `@Concurrency({ from: AppConfig, limit: (c) => c.orders })`. */
export interface ProvidedLimit {
  readonly decorator: 'Concurrency' | 'RateLimit';
  /** The handler or step that it bounds. */
  readonly method: string;
  /** Where it is written; null: on the class. */
  readonly member: string | null;
  readonly from: InjectionToken;
  readonly limit: unknown;
  /** Of a rate limit. */
  readonly per: unknown;
  readonly key: PolicyKey | null;
}
