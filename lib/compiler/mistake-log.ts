import { DefinitionError, type DefinitionMistake } from '../model/errors-boot.js';

/** Collects what is wrong with all classes, each thing once, to be said at once. */
export class MistakeLog {
  private readonly noted = new Map<string, DefinitionMistake>();

  add(mistake: DefinitionMistake): void {
    this.noted.set(JSON.stringify([mistake.class, mistake.member, mistake.found]), mistake);
  }

  /** Notes the mistakes of one class. */
  of(type: { readonly name: string }): ClassMistakes {
    const name = type.name === '' ? '(class without a name)' : type.name;
    return {
      add: (member, found, write) => {
        this.add({ class: name, member, found, write });
      },
    };
  }

  get mistakes(): readonly DefinitionMistake[] {
    return [...this.noted.values()];
  }

  /** Throws one `DefinitionError` with everything noted; nothing noted, nothing thrown. */
  throwIfAny(): void {
    if (this.noted.size > 0) throw new DefinitionError([...this.noted.values()]);
  }
}

export interface ClassMistakes {
  /** `member` null: the class itself. */
  add(member: string | null, found: string, write: string): void;
}
