import { z } from 'zod';
import { defineEvent, defineEvents } from '../../../lib/decorators/define-event.js';
import { metadataOf } from '../../../lib/metadata/metadata-store.js';
import { DefinitionError } from '../../../lib/model/errors-boot.js';

const schema = z.object({ type: z.literal('a') });

it('defineEvent gives a frozen event with its name and schema', () => {
  const event = defineEvent('x.y', schema);
  expect(event).toEqual({ kind: 'holdfast/event', name: 'x.y', schema });
  expect(Object.isFrozen(event)).toBe(true);
});

it('defineEvents gives a frozen union whose OnEvent subscribes to members and to the whole', () => {
  const events = defineEvents(schema, { id: 'abc' });
  class Handlers {
    @events.OnEvent('a') one(): void {}
    @events.OnEvent((event) => event.type === 'a') all(): void {}
  }
  const { methods } = metadataOf(Handlers);
  expect(events).toMatchObject({ kind: 'holdfast/events', id: 'abc', schema });
  expect(methods.get('one')?.subscriptions[0]?.sources).toEqual(['a']);
  expect(methods.get('all')?.subscriptions[0]?.sources[0]).toMatchObject({
    kind: 'holdfast/events',
    id: 'abc',
  });
});

it.each([
  ['an empty name', () => defineEvent('', schema)],
  ['a name of families', () => defineEvent('*x', schema)],
  ['no name', () => defineEvent(undefined as never, schema)],
  ['no schema', () => defineEvent('x', {} as never)],
  ['no union', () => defineEvents(undefined as never)],
])('%s is a DefinitionError', (_, define) => {
  expect(define).toThrow(DefinitionError);
});
