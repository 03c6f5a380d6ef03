import { graphOf } from '../../compiler/graph-of.js';
import { LIMIT_FORMS, parseLimit, parsePer } from '../../compiler/parse-limit.js';
import { type ClassMistakes, MistakeLog } from '../../compiler/mistake-log.js';
import { show } from '../../compiler/show.js';
import { frozenMap } from '../../compiler/frozen-map.js';
import type { WorkerDefinition } from '../../model/definition.js';
import type { InjectionToken } from '../../model/injection-token.js';
import { messageOf } from '../../model/message-of.js';
import type { ConcurrencyPolicy, RateLimitPolicy } from '../../model/policies.js';
import type { CompiledWorker, ProvidedLimit } from '../../model/provided-limit.js';
import { tokenTitle } from './token-title.js';

type Get = (token: InjectionToken) => unknown;

interface Limits {
  readonly concurrency?: ConcurrencyPolicy;
  readonly rateLimit?: RateLimitPolicy;
}

/**
 * The definitions with the numbers that providers tell, read once. Throws one `DefinitionError` with every provider that is
 * missing and every answer that cannot bound anything.
 */
export function resolveLimits(compiled: readonly CompiledWorker[], get: Get): readonly WorkerDefinition[] {
  const log = new MistakeLog();
  const resolved = compiled.map((worker) => resolveWorker(worker, get, log));
  log.throwIfAny();
  return resolved;
}

function resolveWorker({ provided, ...worker }: CompiledWorker, get: Get, log: MistakeLog): WorkerDefinition {
  if (provided.length === 0) return Object.freeze(worker);
  const limits = new Map<string, Limits>();
  for (const limit of provided)
    limits.set(limit.method, { ...limits.get(limit.method), ...read(limit, get, log.of(worker.type)) });
  const bound = <Bounded extends object>(method: string, definition: Bounded): Bounded =>
    limits.has(method) ? Object.freeze({ ...definition, ...limits.get(method) }) : definition;
  const parts = {
    ...worker,
    handlers: Object.freeze(worker.handlers.map((handler) => bound(handler.method, handler))),
    steps: frozenMap([...worker.steps].map(([name, step]) => [name, bound(name, step)] as const)),
  };
  return Object.freeze({ ...parts, graph: graphOf(parts) });
}

function read(provided: ProvidedLimit, get: Get, mistakes: ClassMistakes): Limits {
  const { decorator, member, from, key } = provided;
  const title = tokenTitle(from);
  let provider: unknown;
  try {
    provider = get(from);
  } catch (error) {
    const found = `@${decorator} reads its limit from ${title}, which cannot be had: ${messageOf(error)}`;
    mistakes.add(member, found, `Provide ${title}, or write the number`);
    return {};
  }
  const ask = (option: 'limit' | 'per', parse: (value: unknown) => number | null): number | null => {
    const written = provided[option];
    const refuse = (found: string): null => {
      mistakes.add(
        member,
        `@${decorator} has ${option}: ${found}, read from ${title}`,
        `Let it be ${LIMIT_FORMS[option]}`,
      );
      return null;
    };
    try {
      const answer: unknown = typeof written === 'function' ? written(provider) : written;
      return parse(answer) ?? refuse(answer instanceof Promise ? 'a promise' : show(answer));
    } catch (error) {
      return refuse(`a function that threw ${messageOf(error)}`);
    }
  };
  const limit = ask('limit', parseLimit);
  if (decorator === 'Concurrency')
    return limit === null ? {} : { concurrency: Object.freeze({ limit, key }) };
  const perMs = ask('per', parsePer);
  return limit === null || perMs === null ? {} : { rateLimit: Object.freeze({ limit, perMs, key }) };
}
