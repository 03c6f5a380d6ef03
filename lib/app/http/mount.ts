import { eventIn } from '../../adapters/http/event-body.js';
import {
  type AcceptedEvent,
  type EndedExecution,
  type MountHost,
  MountSurfaces,
} from '../../adapters/http/mount-surfaces.js';
import {
  answerNode,
  type NodeRequest,
  type NodeResponse,
  nodeInbound,
} from '../../adapters/http/node-request.js';
import { parseBody } from '../../adapters/http/parse-body.js';
import { Refusal } from '../../adapters/http/refusal.js';
import type { Surface } from '../../adapters/http/signature.js';
import { webInbound, webResponse } from '../../adapters/http/web-request.js';
import { type Duration, parseDuration } from '../../model/duration.js';
import { InvalidEventError, UnknownEventError } from '../../model/errors-event.js';
import { TimeoutError } from '../../model/errors-execution.js';
import { isSettled } from '../../model/execution.js';
import type { Limits } from '../../model/limits.js';
import { outsideExecutions } from '../../ports/current-execution.js';
import { tellFault } from '../../ports/tell-fault.js';
import { BoundedPasses, type Processed } from './bounded-passes.js';
import type { ExecutionHandle } from '../executions/execution-handle.js';
import { mountedName, type MountOptions, mountRulesOf, processMsOf } from './mount-options.js';
import { durationFrom, optionMistakes, refuse } from '../options/option-checks.js';
import type { Publication } from '../executions/publication.js';
import type { Publishable } from '../publishing/publishable.js';
import type { AppPublisher } from '../publishing/app-publisher.js';
import type { WorkerAppParts } from '../parts/worker-app-parts.js';

/** How long the end of an execution that has ended may take to be read. */
const READ_MS = 10_000;

/** An event as a request brings it. */
export interface MountedEvent {
  /** Its name on the wire. */
  readonly event: string;
  readonly data: unknown;
  /** Makes it one event however often it is sent. */
  readonly id?: string;
}

/** An app behind HTTP. Each function may be used on its own: `export const { POST } = app.mount(…)`. */
export interface Mount {
  readonly path: string;
  /** Answers a request that a router has brought here: hints where its path ends with `/hints`, else an event. */
  readonly POST: (request: Request) => Promise<Response>;
  /**
   * Answers a request of any path: 404 outside the mount's own. `server` is what the server gives beside a request, of which the
   * client's address is read: Deno's info, Bun's server, Hono's `c.env`, or `{ address: '203.0.113.7' }`.
   */
  readonly fetch: (request: Request, server?: unknown) => Promise<Response>;
  /**
   * The same for `node:http`, Express and Connect; with `next`, what is not the mount's own is handed on. Comes before any
   * parser of bodies: what is signed are the bytes.
   */
  readonly node: (
    request: NodeRequest,
    response: NodeResponse,
    next?: (error?: unknown) => void,
  ) => Promise<void>;
  /** Publishes a message, an object or its JSON text, and waits, as `app.execute` does. Asks for no signature: you call it. */
  readonly execute: (message: MountedEvent | string) => Promise<readonly unknown[]>;
  /** Runs what is due for at most `within` (`'10s'`), for hosts where nothing runs between requests: call it from their timer. */
  readonly process: (options?: { readonly within?: Duration }) => Promise<Processed>;
}

/** What `app.mount` does. */
export function mountOf(parts: WorkerAppParts, publishing: AppPublisher, options: MountOptions): Mount {
  const { dedup = '7d', role, dispatcher } = parts.options();
  const isProduction = process.env['NODE_ENV'] === 'production';
  const rules = mountRulesOf(options, { dedup, isProduction, isPublisher: role === 'publisher' });
  const sourceOf = sourcesOf(options.events);
  const passes = new BoundedPasses(parts.runtime, parts.clock);
  const processMs = processMsOf(options.process);
  if (rules.insecure)
    parts
      .logger()
      .warn(`the mount at ${rules.path} takes unsigned requests of this machine (insecure: true)`);

  const host: MountHost = {
    clock: parts.clock,
    limits: () => parts.limits(),
    phase: () => (parts.runtime.isClosed ? 'closed' : parts.runtime.isStarted ? 'started' : 'open'),
    publish: async (event, data, id) =>
      accepted(await publishing.publish([sourceOf(event), data, ...(id === null ? [] : [{ id }])], null)),
    hint: (hints) =>
      dispatcher?.deliver === undefined ? parts.runtime.changed() : dispatcher.deliver(hints),
    process: processMs === null ? null : () => passes.run(processMs),
    refused: (surface, reason, count) => {
      const at = parts.clock.now();
      parts.bus.emit({ name: 'http.refused', path: rules.path, surface, reason, count, at });
    },
    warn: (message) => parts.logger().warn(message, {}),
    fault: (task, error) => tellFault({ observer: parts.bus, clock: parts.clock }, task, error),
  };
  const surfaces = new MountSurfaces(host, rules);

  const answer = async (
    request: Request,
    surface: (path: string) => Surface | null,
    server: unknown = null,
  ): Promise<Response> => {
    const inbound = webInbound(request, server);
    return webResponse(await outsideExecutions(() => surfaces.answer(inbound, surface(inbound.path))));
  };
  return {
    path: rules.path,
    POST: (request) => answer(request, routedSurface),
    fetch: (request, server) => answer(request, (path) => surfaces.surfaceAt(path), server),
    node: async (request, response, next) => {
      const inbound = nodeInbound(request);
      const surface = surfaces.surfaceAt(inbound.path);
      if (surface === null && next !== undefined) next();
      else answerNode(request, response, await outsideExecutions(() => surfaces.answer(inbound, surface)));
    },
    execute: async (message) => {
      const { event, data, id } = messageOf(message, host.limits());
      return publishing.execute([sourceOf(event), data, ...(id === null ? [] : [{ id }])], null);
    },
    process: async (given = {}) => {
      refuse(optionMistakes('process()', given, { within: durationFrom(0) }));
      const withinMs = parseDuration(given.within ?? '10s') ?? 0;
      return outsideExecutions(() => passes.run(withinMs));
    },
  };
}

/** The router has compared the path; where it is in the site is its affair. */
function routedSurface(path: string): Surface {
  return /\/hints\/*$/.test(path) ? 'hints' : 'events';
}

/** What to publish for a name. Without a list: the name, which the app may know. */
function sourcesOf(events: readonly Publishable[] | undefined): (name: string) => Publishable {
  if (events === undefined) return (name) => name;
  const named = events.map((source) => [mountedName(source), source] as const);
  const sources = new Map<string | null, Publishable>(named);
  return (name) => {
    const source = sources.get(name);
    if (source === undefined) throw new UnknownEventError(name, `the mount takes no event '${name}'`);
    return source;
  };
}

function accepted({ executions }: Publication): AcceptedEvent {
  return {
    executions: executions.map(({ id, worker, handler }) => ({ id, worker, handler })),
    ended: async (timeoutMs) => {
      const ended = await Promise.all(executions.map((execution) => endOf(execution, timeoutMs)));
      return ended.some((each) => each === null) ? null : (ended as readonly EndedExecution[]);
    },
  };
}

/** Null: it has not ended by then. */
async function endOf(execution: ExecutionHandle, timeoutMs: number | null): Promise<EndedExecution | null> {
  const { id, worker, handler } = execution;
  try {
    if (timeoutMs === null && !isSettled(await execution.status())) return null;
    const outcome = await execution.outcome({ timeout: timeoutMs ?? READ_MS });
    return outcome.success
      ? { id, worker, handler, success: true, value: outcome.value }
      : { id, worker, handler, success: false, error: outcome.error };
  } catch (error) {
    if (error instanceof TimeoutError) return null;
    throw error;
  }
}

/** Throws `InvalidEventError` for what is no message. */
function messageOf(message: unknown, limits: Pick<Limits, 'depth' | 'keys'>): ReturnType<typeof eventIn> {
  try {
    return eventIn(typeof message === 'string' ? parseBody(Buffer.from(message), limits) : message);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new InvalidEventError('(a message)', [{ path: '', message: error.detail ?? 'is no message' }]);
  }
}
