import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type {
  InjectionToken,
  InstanceResolver,
  WorkerClass,
  WorkerDefinition,
} from '../lib/entries/index.js';

/** Takes worker instances, and what `app.get` is asked for, from Nest's container. */
@Injectable()
export class ModuleRefResolver implements InstanceResolver {
  private readonly instances = new Map<WorkerClass, object>();

  private hasWorkers = false;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** The app knows its workers now. */
  ready(): void {
    this.hasWorkers = true;
  }

  isReady(): boolean {
    return this.hasWorkers;
  }

  keep(type: WorkerClass, instance: object): void {
    this.instances.set(type, instance);
  }

  resolve({ type }: WorkerDefinition): object {
    return this.instances.get(type) ?? this.get(type);
  }

  get<Value>(token: InjectionToken<Value>): Value {
    return this.moduleRef.get<Value>(token as symbol, { strict: false });
  }
}
