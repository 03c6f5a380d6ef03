import { expectTypeOf } from 'expect-type';
import {
  Debounce,
  type DebounceContext,
  defineEvent,
  Event,
  type FlushReason,
  type ReducedDecorator,
  type ReduceInfo,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';

@Event('contact.changed')
class ContactChanged {
  contactId!: string;
  n!: number;
}

const Merged = defineEvent('contact.merged', z.object({ contactId: z.string(), into: z.string() }));

const plain = { key: 'contactId', flushAfter: '5s' } as const;

@Worker()
class ContactSync {
  @Debounce(ContactChanged, plain)
  all(events: ContactChanged[], context: DebounceContext) {
    expectTypeOf(context.flushReason).toEqualTypeOf<FlushReason>();
    expectTypeOf(context.eventCount).toEqualTypeOf<number>();
    return events.length;
  }

  @Debounce(ContactChanged, {
    ...plain,
    maxEvents: 10,
    mode: 'trailing',
    maxWait: '1 minute',
    collect: 'all',
  })
  readonly(events: readonly ContactChanged[]) {
    return events.length;
  }

  @Debounce(ContactChanged, { ...plain, key: ({ contactId }) => contactId, collect: 'latest' })
  latest(event: ContactChanged) {
    return event.n;
  }

  @Debounce([ContactChanged, Merged], plain)
  several(events: (ContactChanged | { contactId: string; into: string })[]) {
    return events.length;
  }

  @Debounce(ContactChanged, { ...plain, reduce: 'sum' })
  reduced(total: number, { log }: DebounceContext) {
    log.info(String(total));
  }

  sum(total: number | undefined, { n }: ContactChanged, { eventCount }: ReduceInfo): number {
    return (total ?? 0) + n + eventCount;
  }

  async asyncSum(total: number | undefined, { n }: ContactChanged): Promise<number> {
    return (total ?? 0) + n;
  }

  @Debounce(ContactChanged, { ...plain, reduce: 'asyncSum' })
  reducedLater(total: number) {
    return total;
  }

  // @ts-expect-error it gets a list
  @Debounce(ContactChanged, plain)
  one(event: ContactChanged) {
    return event.n;
  }

  // @ts-expect-error it gets the newest event alone
  @Debounce(ContactChanged, { ...plain, collect: 'latest' })
  list(events: ContactChanged[]) {
    return events;
  }

  // @ts-expect-error the events are others
  @Debounce(ContactChanged, plain)
  others(events: { readonly orderId: string }[]) {
    return events;
  }

  // @ts-expect-error the reducer makes a number
  @Debounce(ContactChanged, { ...plain, reduce: 'sum' })
  text(total: string) {
    return total;
  }

  // @ts-expect-error there is no such reducer
  @Debounce(ContactChanged, { ...plain, reduce: 'missing' })
  missing(total: number) {
    return total;
  }

  // @ts-expect-error the reducer takes other events
  @Debounce(Merged, { ...plain, reduce: 'sum' })
  merged(total: number) {
    return total;
  }
}

@Event('device.seen')
class DeviceSeen {
  device!: { readonly id: string; readonly place?: { readonly room: number } };
  readings!: Record<string, { readonly unit: string }>;
}

@Worker()
export class Keyed {
  @Debounce(DeviceSeen, { key: 'device.id', flushAfter: '5s' })
  nested(_events: DeviceSeen[]): void {}

  @Debounce(DeviceSeen, { key: 'device.place.room', flushAfter: '5s', collect: 'latest' })
  optional(_event: DeviceSeen): void {}

  @Debounce(DeviceSeen, { key: 'readings.heat.unit', flushAfter: '5s' })
  anyName(_events: DeviceSeen[]): void {}

  @Debounce('device.seen', { key: 'any.path', flushAfter: '5s' })
  byName(_events: unknown[]): void {}

  @Debounce([DeviceSeen, 'device.lost'], { key: 'any.path', flushAfter: '5s' })
  mixed(_events: unknown[]): void {}

  @Debounce(DeviceSeen, { key: String('device.id'), flushAfter: '5s' })
  madeLater(_events: DeviceSeen[]): void {}

  // @ts-expect-error there is no such field
  @Debounce(DeviceSeen, { key: 'device.name', flushAfter: '5s' })
  unknownField(_events: DeviceSeen[]): void {}

  // @ts-expect-error there is no such field
  @Debounce(DeviceSeen, { key: 'nope', flushAfter: '5s', collect: 'latest' })
  unknownInLatest(_event: DeviceSeen): void {}

  // @ts-expect-error there is no such field
  @Debounce(DeviceSeen, { key: 'nope', flushAfter: '5s', reduce: 'count' })
  unknownInReduced(_count: number): void {}

  // @ts-expect-error not every event has that field
  @Debounce([ContactChanged, Merged], { key: 'into', flushAfter: '5s' })
  fieldOfOne(_events: (ContactChanged | { contactId: string; into: string })[]): void {}

  count(seen = 0): number {
    return seen + 1;
  }
}

// @ts-expect-error a key is needed
Debounce(ContactChanged, { flushAfter: '5s' });
// @ts-expect-error a reducer sees every event
Debounce(ContactChanged, { ...plain, reduce: 'sum', collect: 'latest' });
// @ts-expect-error the event has no such field
Debounce(ContactChanged, { ...plain, key: ({ orderId }) => orderId });

export async function handles(app: WorkerApp): Promise<void> {
  const contacts = app.debounce(ContactSync, 'all');
  const { created, willFlushAt } = await contacts.add({
    id: 'c',
    event: { contactId: 'c', n: 1 },
    eventId: 'e',
  });
  expectTypeOf(created).toEqualTypeOf<boolean>();
  expectTypeOf(willFlushAt).toEqualTypeOf<number | null>();
  expectTypeOf(await contacts.getState('c')).toEqualTypeOf<ContactChanged[] | null>();
  expectTypeOf(await app.debounce(ContactSync, 'reduced').getState('c')).toEqualTypeOf<number | null>();
  expectTypeOf((await contacts.flush('c')).reason).toEqualTypeOf<'manual' | 'empty'>();
  // @ts-expect-error another event
  await contacts.add({ event: { orderId: 'o' } });
  // @ts-expect-error no such method
  app.debounce(ContactSync, 'nothing');
}

// Where no overload fits, the compiler takes the reducer of any name: its decorator must not be told as a second mistake.
expectTypeOf<ReducedDecorator<ContactChanged, string>>().toEqualTypeOf<MethodDecorator>();
