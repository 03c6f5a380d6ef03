import { type ClassEvents, loadClassStates } from '../../adapters/class-validator/class-event-checker.js';
import { isStandardSchema, schemaEventChecker } from '../../adapters/standard-schema/schema-event-checker.js';
import type { AnyClass } from '../../metadata/class-metadata.js';
import type { StateSource } from '../../model/state-source.js';
import type { StateChecker, StateCheckers } from '../../ports/state-checker.js';

/** Knows every state of one app. Libraries are loaded with the first class. */
export class StateSources implements StateCheckers {
  private readonly known = new Map<StateSource, StateChecker>();
  private classStates: Promise<ClassEvents> | null = null;

  of(source: StateSource): StateChecker | Promise<StateChecker> {
    const known = this.known.get(source);
    if (known !== undefined) return known;
    if (isStandardSchema(source)) return this.add(source, schemaEventChecker(source));
    return this.classes().then((checkerOf) => this.add(source, checkerOf(source as AnyClass)));
  }

  private add(source: StateSource, checker: StateChecker): StateChecker {
    this.known.set(source, checker);
    return checker;
  }

  private async classes(): Promise<ClassEvents> {
    this.classStates ??= loadClassStates();
    return this.classStates.catch((error: unknown) => {
      this.classStates = null;
      throw error;
    });
  }
}
