import type { EventId, ExecutionId } from '../model/ids.js';
import type { Applied } from './is-applied.js';
import type { PublishedExecution } from './store-write.js';

/** What a store answers about an execution of a publish that is no duplicate. A class for the reason that `freshList` gives. */
export class CreatedExecution implements PublishedExecution {
  readonly duplicate = false;

  constructor(
    readonly eventId: EventId,
    readonly eventIndex: number,
    readonly executionId: ExecutionId,
    readonly definition: string,
    readonly key: number,
    readonly createdAt: number,
    readonly leased: boolean,
  ) {}
}

/** The verdict on the publish that created them. */
export class AcceptedPublish implements Applied {
  readonly verdict = 'ok';

  constructor(readonly executions: readonly PublishedExecution[]) {}
}
