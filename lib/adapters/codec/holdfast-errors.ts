import * as app from '../../model/errors-app.js';
import { ConfigurationError, DefinitionError } from '../../model/errors-boot.js';
import {
  EventConflictError,
  InvalidEventError,
  MailboxFullError,
  UnknownEventError,
} from '../../model/errors-event.js';
import { HintsUndeliveredError } from '../../model/errors-http.js';
import * as execution from '../../model/errors-execution.js';
import * as graph from '../../model/errors-graph.js';
import * as instance from '../../model/errors-instance.js';
import * as step from '../../model/errors-step.js';
import * as store from '../../model/errors-store.js';
import * as value from '../../model/errors-value.js';
import type { ErrorCode } from '../../model/error-kinds.js';
import type { HoldfastError } from '../../model/errors.js';

interface Leaf {
  readonly code: ErrorCode;
  readonly name: string;
  readonly prototype: HoldfastError;
}

const leaves: readonly Leaf[] = [
  DefinitionError,
  ConfigurationError,
  InvalidEventError,
  UnknownEventError,
  EventConflictError,
  MailboxFullError,
  HintsUndeliveredError,
  ...Object.values(app),
  ...Object.values(execution),
  ...Object.values(graph),
  ...Object.values(instance),
  ...Object.values(step),
  ...Object.values(value),
  ...Object.values(store),
];

/** Every error class of Holdfast by its code. */
export const holdfastErrors: ReadonlyMap<string, Leaf> = new Map(leaves.map((leaf) => [leaf.code, leaf]));
