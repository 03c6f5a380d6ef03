import type { ClassMetadata, DebounceMetadata, MethodMetadata } from '../metadata/class-metadata.js';
import type { DeclaredStep } from '../model/declared-step.js';
import type { HandlerDefinition, StepDefinition, WorkerClass } from '../model/definition.js';
import type { ActorPolicy, DebouncePolicy, KeyedPolicy } from '../model/keyed.js';
import type { ProvidedLimit } from '../model/provided-limit.js';
import { defaultRetryPolicy } from '../model/retry-policy.js';
import { actorRetry } from './compile-actor.js';
import { compileDebounce, ofDebounce } from './compile-debounce.js';
import type { CompiledLimit } from './compile-limits.js';
import { compilePolicies, type Policies, type WrittenPolicies } from './compile-policies.js';
import { compileRoutes } from './compile-routes.js';
import { compileSchedule, descriptionOf } from './compile-schedule.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const MOST_PRIORITY = 100;

/** The class whose methods are compiled. */
export interface WorkerSource {
  readonly type: WorkerClass;
  readonly id: string;
  readonly metadata: ClassMetadata;
  readonly mistakes: ClassMistakes;
  /** What it is as an actor; null: it is none. */
  readonly actor: ActorPolicy | null;
}

/** Compiles the methods of one class; its own policies are their defaults. Notes what cannot work. */
export class MethodCompiler {
  /** Limits that are to be read from providers. */
  readonly provided: ProvidedLimit[] = [];
  private readonly defaults: Policies;

  constructor(private readonly source: WorkerSource) {
    this.defaults = this.policies(null, source.metadata);
  }

  /** Retries, time and limits of a class hold for what it does below: the first two for steps, the limits for handlers. */
  handler(name: string, method: MethodMetadata, declared: readonly DeclaredStep[]): HandlerDefinition {
    const { id, mistakes } = this.source;
    const policies = this.policies(name, method);
    const schedule = method.every == null ? null : compileSchedule(name, method.every, mistakes);
    const debounce = method.debounce == null ? null : this.debounce(name, method.debounce);
    const keyed = debounce ?? this.source.actor ?? schedule?.keyed ?? null;
    const retry = policies.retry ?? defaultRetryPolicy;
    const isJob = keyed?.kind === 'recurring';
    if (keyed !== null && debounce === null && declared.length > 0)
      this.refuseDeclared(name, declared, keyed);
    if (isJob) this.checkJob(name, policies);
    const described = method.subscriptions.find((subscription) => subscription.description !== null);
    return Object.freeze({
      id: `${id}.${name}`,
      worker: id,
      method: name,
      description: described?.description ?? (method.every == null ? null : descriptionOf(method.every)),
      routes: Object.freeze(
        compileRoutes(name, method.subscriptions, debounce === null ? mistakes : ofDebounce(mistakes)),
      ),
      retry: keyed === null || isJob ? retry : actorRetry(retry),
      timeoutMs: policies.timeoutMs,
      declared,
      concurrency:
        isJob || debounce !== null
          ? null
          : this.limit(name, policies.concurrency ?? this.defaults.concurrency),
      rateLimit: this.limit(name, policies.rateLimit ?? (isJob ? null : this.defaults.rateLimit)),
      priority: this.priority(name, method),
      ...(schedule === null ? null : { schedule: schedule.policy }),
      ...(keyed === null ? null : { keyed }),
    });
  }

  private debounce(name: string, written: DebounceMetadata): DebouncePolicy | null {
    const { type, mistakes, actor } = this.source;
    if (actor !== null)
      mistakes.add(
        name,
        'it has @Debounce in an actor',
        'Write it in a class with @Worker: an actor takes messages one by one',
      );
    return compileDebounce(written, { type, member: name, mistakes });
  }

  step(name: string, method: MethodMetadata): StepDefinition {
    const policies = this.policies(name, method);
    const { step, compensates } = method;
    return Object.freeze({
      worker: this.source.id,
      name,
      description: step?.description ?? null,
      retry: policies.retry ?? this.defaults.retry ?? defaultRetryPolicy,
      timeoutMs: policies.timeoutMs ?? this.defaults.timeoutMs,
      atMostOnce: step?.atMostOnce ?? false,
      key: step?.key ?? null,
      isDeclared: (step !== null && step.after !== null) || compensates !== null,
      concurrency: this.limit(name, policies.concurrency),
      rateLimit: this.limit(name, policies.rateLimit),
    });
  }

  /** Notes what is wrong with policies also where they bound nothing. */
  policies(member: string | null, written: WrittenPolicies): Policies {
    const { type, mistakes } = this.source;
    return compilePolicies(written, { type, member, mistakes });
  }

  /** The state is stored with the end of the method: nothing may come between. */
  private refuseDeclared(name: string, [first]: readonly DeclaredStep[], { kind }: KeyedPolicy): void {
    const what = kind === 'actor' ? 'a method of an actor' : 'a method with a key';
    this.source.mistakes.add(
      first?.name ?? name,
      `it comes after '${name}', ${what}`,
      `Write @Step() without after, and call it in '${name}'`,
    );
  }

  /** Its ticks are one at a time, and limits by a key would look for it in the tick. */
  private checkJob(name: string, { concurrency, rateLimit }: Policies): void {
    const { mistakes } = this.source;
    if (concurrency != null)
      mistakes.add(
        name,
        '@Concurrency is on a method with @Every({ keyed: true })',
        'Leave it out: one tick of a job runs at a time. Bound what its steps do: @Step() @Concurrency(5)',
      );
    if ((rateLimit?.policy?.key ?? rateLimit?.provided?.key ?? null) !== null)
      mistakes.add(
        name,
        '@RateLimit with a key is on a method with @Every({ keyed: true })',
        "Leave the key out, or bound what its steps do: @Step() @RateLimit({ limit: 5, per: '1s', key })",
      );
  }

  private limit<Policy>(method: string, limit: CompiledLimit<Policy> | null): Policy | null {
    if (limit?.provided != null) this.provided.push(Object.freeze({ ...limit.provided, method }));
    return limit?.policy ?? null;
  }

  private priority(name: string, { subscriptions }: MethodMetadata): number {
    const { mistakes } = this.source;
    const written = new Set(subscriptions.flatMap(({ priority }) => (priority === null ? [] : [priority])));
    for (const priority of written)
      if (!Number.isInteger(priority) || Math.abs(priority) > MOST_PRIORITY)
        mistakes.add(
          name,
          `@OnEvent has priority: ${show(priority)}`,
          `Write a whole number, −${MOST_PRIORITY} to ${MOST_PRIORITY}; higher runs first`,
        );
    if (written.size > 1)
      mistakes.add(
        name,
        `@OnEvent has the priorities ${[...written].map(show).join(' and ')}`,
        'Write one: it holds for all executions of the handler',
      );
    const [first = 0] = written;
    return first;
  }
}
