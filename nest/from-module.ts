import { Inject, type InjectionToken } from '@nestjs/common';
import { type NestModule, refOf } from './wrapper.js';

/** What a module has under a token, made now if need be: as a class of that module would get it. */
export async function fromModule<Value>(module: NestModule, token: InjectionToken): Promise<Value> {
  class Holder {
    constructor(@Inject(token) readonly value: Value) {}
  }
  return (await refOf(module).create(Holder)).value;
}
