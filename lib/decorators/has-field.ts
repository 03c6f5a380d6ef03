/** Whether values of that type have a field of that path: of a union, all of them. A path or type that is not known has it. */
export type HasField<Value, Path extends string> = unknown extends Value
  ? true
  : string extends Path
    ? true
    : Path extends `${infer Name}.${infer Rest}`
      ? Name extends keyof NonNullable<Value>
        ? HasField<NonNullable<Value>[Name], Rest>
        : false
      : Path extends keyof NonNullable<Value>
        ? true
        : false;
