import type { StateCall } from '../ports/current-execution.js';
import type { InstanceChange } from '../ports/store-write.js';
import { derivedId } from './derived-id.js';
import type { EffectfulStep } from './step-run.js';
import type { Pass } from './pass.js';

/** What the body of a call to state found, and what it makes of it. */
interface Looked {
  /** The version that it has read; null: there was no such instance. */
  readonly expected: string | null;
  readonly state: string | null;
  readonly isRead: boolean;
}

/** Reads state in an execution, or changes it in the commit of its step: once, whatever crashes. */
export function stateBody(pass: Pass, call: StateCall): () => Promise<Looked> {
  return async () => {
    const stored = await pass.services.instances.instance(call.instance);
    const expected = stored?.version ?? null;
    const state = stored?.state ?? null;
    if (call.change === null) return { expected, state, isRead: true };
    return { expected, state: await call.change(state), isRead: false };
  };
}

/** How that is stored: what is expected to be stored still, when it is not, is read and changed anew. */
export function stateEffects(pass: Pass, path: string, call: StateCall): EffectfulStep {
  let tries = 0;
  const version = (): string => derivedId([pass.record.id, pass.lease.fence, path, tries]);
  const changeOf = ({ expected, state, isRead }: Looked): InstanceChange | undefined =>
    isRead || (expected === null && state === null)
      ? undefined
      : { id: call.instance, expected, version: version(), state };
  return {
    of: (value) => {
      const looked = value as Looked;
      const instance = changeOf(looked);
      return { value: looked.state, events: [], ...(instance === undefined ? null : { instance }) };
    },
    withKnown: (value) => value,
    changed: () => (++tries < call.tries ? null : call.conflict()),
  };
}
