/** A call, made inside an execution, of what lies outside it. */
export interface EffectCall {
  /** `Payments.charge`. */
  readonly effect: string;
  /** Worker and names of the body that made it: `order-worker.fulfil/charge`. */
  readonly step: string;
  /** Execution and path of that body. */
  readonly path: string;
  /** That one run of the body. */
  readonly body: object;
  /** It was made by the handler itself, which begins anew on each resume. */
  readonly isOutsideSteps: boolean;
  /** What the receiver can tell a repeat by; null: nothing. */
  readonly key: string | null;
  /** One that threw had no effect. */
  outcome: 'pending' | 'done' | 'threw';
  /** It called others that are recorded: these are the effects. */
  isOuter: boolean;
}

/** How often one effect happened in one step, in all its calls. */
export interface EffectCount {
  readonly effect: string;
  readonly step: string;
  readonly isOutsideSteps: boolean;
  /** Calls of one key are one effect. */
  times: number;
  /** The calls carried keys. */
  hasKeys: boolean;
}

/** By step and effect. */
export function countEffects(calls: readonly EffectCall[]): ReadonlyMap<string, EffectCount> {
  const counts = new Map<string, EffectCount>();
  const keys = new Set<string>();
  for (const { effect, step, isOutsideSteps, key, outcome, isOuter } of calls) {
    if (outcome === 'threw' || isOuter) continue;
    const id = JSON.stringify([step, effect]);
    const count = counts.get(id) ?? { effect, step, isOutsideSteps, times: 0, hasKeys: true };
    counts.set(id, count);
    count.hasKeys &&= key !== null;
    const known = key !== null && keys.has(JSON.stringify([id, key]));
    if (key !== null) keys.add(JSON.stringify([id, key]));
    if (!known) count.times++;
  }
  return counts;
}

/** Effects that happened in several runs of one body, by step and effect, with nothing to tell the repeats by. */
export function repeatedByRetries(calls: readonly EffectCall[]): readonly EffectCount[] {
  const byBody = new Map<string, EffectCall[]>();
  for (const call of calls) {
    const id = JSON.stringify([call.path, call.effect]);
    const known = byBody.get(id);
    if (known === undefined) byBody.set(id, [call]);
    else known.push(call);
  }
  const repeated = new Map<string, EffectCount>();
  for (const ofBody of byBody.values())
    for (const [id, count] of countEffects(ofBody)) {
      const bodies = new Set(ofBody.filter(({ outcome }) => outcome === 'done').map(({ body }) => body));
      if (count.times > 1 && bodies.size > 1 && !repeated.has(id)) repeated.set(id, count);
    }
  return [...repeated.values()];
}
