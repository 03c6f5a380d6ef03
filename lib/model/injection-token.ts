declare const provided: unique symbol;

/** A symbol that knows the type of what it names; at run time a plain symbol. */
export type TypedToken<Value> = symbol & { readonly [provided]?: Value };

/** Names what a container provides: a class, a symbol or a string. */
export type InjectionToken<Value = unknown> =
  | (abstract new (
      ...args: never[]
    ) => Value)
  | TypedToken<Value>
  | symbol
  | string;
