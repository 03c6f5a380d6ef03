import { isEventUnion, isSchemaEvent } from '../../model/event-source.js';

/** How messages call what a user passed as an event. */
export function titleOf(source: unknown): string {
  if (typeof source === 'string') return `'${source.slice(0, 200)}'`;
  if (typeof source === 'function')
    return '~standard' in source ? 'a schema without a name' : `class ${source.name}`;
  if (typeof source !== 'object' || source === null) return String(source);
  if (isSchemaEvent(source)) return `defineEvent('${source.name}')`;
  if (isEventUnion(source)) return `defineEvents(…, { id: '${source.id}' })`;
  if ('~standard' in source) return 'a schema without a name';
  const { type, constructor } = source as { readonly type?: unknown; readonly constructor?: unknown };
  if (typeof type === 'string') return `an object of type '${type.slice(0, 200)}'`;
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' || name === 'Object' ? 'an object without a type' : `an instance of ${name}`;
}
