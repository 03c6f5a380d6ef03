import type { ExecutionId } from '../../model/ids.js';
import type { HeartbeatAnswer, OwnExecution } from '../../ports/store.js';
import { decodeDeclared, type DeclaredWire } from './decode-declared.js';
import { listOf, type Listed } from './list-of.js';
import { fromStored } from './stored-text.js';

export interface HeartbeatWire {
  readonly sg: Listed<string>;
  readonly ow: Listed<readonly [id: string, fence: number]>;
  readonly li: number;
  readonly b: number;
  readonly mk: string;
  readonly dc?: DeclaredWire;
}

export function decodeHeartbeat({ sg, ow, li, mk, dc }: HeartbeatWire): HeartbeatAnswer {
  return {
    signals: decodeIds(sg),
    owned: listOf(ow).map(ownOf),
    liveProcesses: li,
    declared: decodeDeclared(mk, dc),
  };
}

export function decodeIds(ids: Listed<string>): readonly ExecutionId[] {
  return listOf(ids).map((id) => fromStored(id) as ExecutionId);
}

function ownOf([id, fence]: readonly [string, number]): OwnExecution {
  return { id: fromStored(id) as ExecutionId, fence };
}
