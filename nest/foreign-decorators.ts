import type { DefinitionMistake, WorkerClass } from '../lib/entries/index.js';
import { methodsOf } from './methods-of.js';

/** Where `@nestjs/event-emitter` keeps its listeners: on the function. */
const EVENT_EMITTER = 'EVENT_LISTENER_METADATA';
/** Where `@nestjs/schedule` keeps what its `@Timeout` was given: on the function, too. */
const SCHEDULED_TIMEOUT = 'SCHEDULE_TIMEOUT_OPTIONS';

/** Methods of a worker with a decorator of another package that has the name of one of ours: it compiles, and is not durable. */
export function* foreignDecorators(type: WorkerClass): Generator<DefinitionMistake> {
  for (const [member, method] of methodsOf(type)) {
    if (Reflect.hasMetadata(EVENT_EMITTER, method))
      yield {
        class: type.name,
        member,
        found: 'its @OnEvent is that of @nestjs/event-emitter, whose events are lost with the process',
        write:
          "import { OnEvent } from 'holdfast'; listeners of the emitter belong in a class without @Worker",
      };
    if (Reflect.hasMetadata(SCHEDULED_TIMEOUT, method))
      yield {
        class: type.name,
        member,
        found: 'its @Timeout is that of @nestjs/schedule, which calls the method once after the start',
        write: "import { Timeout } from 'holdfast' to bound an attempt",
      };
  }
}
