import type { EventPredicate } from '../metadata/class-metadata.js';
import type { EventUnion, MemberOf, UnionMember } from '../model/event-source.js';
import { type HandlerDecorator, type OnEventOptions, subscribe } from './on-event.js';

/** `@OnEvent` of one union: by the member's `type`, by several, or by a guard over all of them. */
export interface UnionOnEvent<Data extends UnionMember> {
  <Type extends Data['type'], Narrowed extends MemberOf<Data, Type>>(
    types: Type | readonly Type[],
    guard: (event: MemberOf<Data, Type>) => event is Narrowed,
    options?: OnEventOptions<Narrowed>,
  ): HandlerDecorator<Narrowed>;
  <Type extends Data['type']>(
    types: Type | readonly Type[],
    predicate: (event: MemberOf<Data, Type>) => boolean | Promise<boolean>,
    options?: OnEventOptions<MemberOf<Data, Type>>,
  ): HandlerDecorator<MemberOf<Data, Type>>;
  <Type extends Data['type']>(
    types: Type | readonly Type[],
    options?: OnEventOptions<MemberOf<Data, Type>>,
  ): HandlerDecorator<MemberOf<Data, Type>>;
  <Narrowed extends Data>(
    guard: (event: Data) => event is Narrowed,
    options?: OnEventOptions<Narrowed>,
  ): HandlerDecorator<Narrowed>;
  (
    predicate: (event: Data) => boolean | Promise<boolean>,
    options?: OnEventOptions<Data>,
  ): HandlerDecorator<Data>;
}

/** Makes the `OnEvent` of a union. A guard or predicate alone subscribes to the whole union. */
export function onEventOf<Data extends UnionMember>(union: EventUnion<Data>): UnionOnEvent<Data> {
  return (
    ...written: readonly [
      typesOrGuard: string | readonly string[] | EventPredicate,
      guardOrOptions?: EventPredicate | OnEventOptions<never>,
      options?: OnEventOptions<never>,
    ]
  ) => {
    const [typesOrGuard, guardOrOptions, options] = written;
    if (typeof typesOrGuard === 'function') {
      return subscribe(written, [union], typesOrGuard, guardOrOptions as OnEventOptions<never> | undefined);
    }
    const types: readonly unknown[] = Array.isArray(typesOrGuard) ? typesOrGuard : [typesOrGuard];
    return subscribe(written, types, guardOrOptions, options);
  };
}
