import type { AnyClass, WorkerOptions } from '../metadata/class-metadata.js';
import { writeInjectable, writeInjection } from './host-metadata.js';
import { findOwnMetadata, metadataOf } from '../metadata/metadata-store.js';
import type { WorkerClass } from '../model/definition.js';
import { recordClass, recordTwice, recordWorkerToo } from './record-class.js';

export type { WorkerOptions };

/**
 * Makes a class a worker. Its id names it in stored data: by default the class name in kebab case (`OrderWorker` is
 * `order-worker`); write one where a minifier renames classes.
 *
 * @example
 * @Worker('orders')
 * class OrderWorker {
 *   constructor(private readonly payments: Payments) {}
 * }
 */
export function Worker(id?: string): (target: AnyClass) => void;
export function Worker(options: WorkerOptions): (target: AnyClass) => void;
export function Worker(idOrOptions: string | WorkerOptions = {}): (target: AnyClass) => void {
  return (target: AnyClass, context?: unknown) => {
    const record = recordClass('Worker', target, context);
    if (record.worker !== null && record.actor !== null) recordWorkerToo(record, target);
    else if (record.worker !== null) recordTwice(record, target, null, 'Worker');
    record.worker = typeof idOrOptions === 'string' ? { id: idOrOptions } : idOrOptions;
    writeInjectable(target);
    const { inject } = record.worker;
    if (Array.isArray(inject))
      inject.forEach((token: unknown, index) => {
        writeInjection(target, index, token);
      });
  };
}

/** Whether the value is a class with decorated methods, its own or inherited, and so should have `@Worker`: for hosts. */
export function hasWorkerMethods(value: unknown): value is WorkerClass {
  return typeof value === 'function' && metadataOf(value as AnyClass).methods.size > 0;
}

/** Whether the value is a class with a `@Worker` of its own: for hosts that look for workers. */
export function isWorker(value: unknown): value is WorkerClass {
  return typeof value === 'function' && findOwnMetadata(value as AnyClass)?.worker != null;
}
