import type { DefinitionRef } from '../../model/execution.js';
import type { Declared, HeartbeatAnswer, Subscription } from '../../ports/store.js';
import { listOf, type Listed } from './list-of.js';
import { processFromText } from './process-text.js';
import { fromStored } from './stored-text.js';

/** Definitions that something is open of, and processes, as the server answers them. */
export interface DefinitionsWire {
  readonly o: Listed<readonly [id: string, fingerprint: string]>;
  readonly p: Listed<string>;
}

/** The same with subscriptions and what is paused. */
export interface DeclaredWire extends DefinitionsWire {
  readonly s: Listed<string>;
  readonly d: Listed<string>;
}

/** Those of open executions and of live processes, each once. */
export function decodeDefinitions({ o, p }: DefinitionsWire): readonly DefinitionRef[] {
  const open = listOf(o).map(([id, print]) => ({ id: fromStored(id), fingerprint: fromStored(print) }));
  const declared = listOf(p).flatMap((text) => processFromText(text).definitions);
  const byKey = new Map(
    [...open, ...declared].map((ref) => [JSON.stringify([ref.id, ref.fingerprint]), ref]),
  );
  return [...byKey.values()];
}

export function decodeSubscriptions(s: Listed<string>): readonly Subscription[] {
  return listOf(s).map((text) => JSON.parse(text) as Subscription);
}

export function decodePaused(d: Listed<string>): readonly string[] {
  return listOf(d).map(fromStored);
}

/** `changed`: undefined when it is what it was at the mark that was asked with. */
export function decodeDeclared(
  mark: string,
  changed: DeclaredWire | undefined,
): NonNullable<HeartbeatAnswer['declared']> {
  if (changed === undefined) return { mark };
  const declared: Declared = {
    subscriptions: decodeSubscriptions(changed.s),
    paused: decodePaused(changed.d),
    definitions: decodeDefinitions(changed),
  };
  return { mark, changed: declared };
}
