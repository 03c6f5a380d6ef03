import type { EventClass, SchemaEvent } from '../../model/event-source.js';
import type { PublishOptions } from './publish-options.js';

/** What can be published with data beside it. */
export type Publishable = EventClass | SchemaEvent | string;

/** One entry of `publishMany`: an event with its data, or an instance of an event class alone. */
export type PublishEntry = readonly [event: Publishable, data: unknown, options?: PublishOptions];

/** Instances of event classes, but nothing that the app's union should check, and nothing that has its data beside it. */
export type NotAUnionMember<Instance extends object, Union> = Instance extends Publishable
  ? never
  : [Union] extends [never]
    ? Instance
    : Instance extends { readonly type: string }
      ? never
      : Instance;
