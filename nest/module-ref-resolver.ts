import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type {
  InjectionToken,
  InstanceResolver,
  MethodBody,
  MethodCall,
  PassScope,
  WorkerClass,
  WorkerDefinition,
} from '../lib/entries/index.js';
import { Enhancers } from './enhancers/enhancers.js';
import { ScopedInstances } from './scoped-instances.js';
import { isScoped, type Wrapper } from './wrapper.js';

/** Takes worker instances, and what `app.get` is asked for, from Nest's container. */
@Injectable()
export class ModuleRefResolver implements InstanceResolver {
  private readonly instances = new Map<WorkerClass, object>();
  private readonly scoped = new Map<WorkerClass, Wrapper>();
  private readonly made: ScopedInstances;
  private hasWorkers = false;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly enhancers: Enhancers,
  ) {
    this.made = new ScopedInstances((instance, context) => enhancers.keepContext(instance, context));
  }

  /** The app knows its workers now. */
  ready(): void {
    this.hasWorkers = true;
  }

  isReady(): boolean {
    return this.hasWorkers;
  }

  has(type: WorkerClass): boolean {
    return this.instances.has(type) || this.scoped.has(type);
  }

  keep(type: WorkerClass, wrapper: Wrapper): void {
    if (isScoped(wrapper)) this.scoped.set(type, wrapper);
    else this.instances.set(type, wrapper.instance as object);
  }

  drop(type: WorkerClass): void {
    this.instances.delete(type);
    this.scoped.delete(type);
  }

  resolve({ type }: WorkerDefinition, scope: PassScope): object | Promise<object> {
    const instance = this.instances.get(type);
    if (instance !== undefined) return instance;
    const wrapper = this.scoped.get(type);
    return wrapper === undefined ? this.get(type) : this.made.of(type, wrapper, scope);
  }

  owns({ type }: WorkerDefinition, receiver: object): boolean {
    return this.instances.get(type) === receiver || this.made.has(receiver);
  }

  invokerOf(call: MethodCall): MethodBody {
    return this.enhancers.invokerOf(call);
  }

  get<Value>(token: InjectionToken<Value>): Value {
    return this.moduleRef.get<Value>(token as symbol, { strict: false });
  }
}
