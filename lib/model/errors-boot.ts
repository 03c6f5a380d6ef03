import { HoldfastError } from './errors.js';

/** One thing wrong with the user's classes: where, what was found, what to write instead. */
export interface DefinitionMistake {
  readonly class: string;
  /** The method, parameter or option; null: the class itself. */
  readonly member: string | null;
  readonly found: string;
  readonly write: string;
}

/** Worker classes that cannot run; lists every mistake found. */
export class DefinitionError extends HoldfastError {
  static readonly code = 'DEFINITION_INVALID';
  readonly code = DefinitionError.code;
  override readonly name = 'DefinitionError';

  constructor(
    readonly mistakes: readonly DefinitionMistake[],
    options?: ErrorOptions,
  ) {
    super(
      `${mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`} in definitions:\n${mistakes
        .map((m) => `  - ${m.class}${m.member === null ? '' : `.${m.member}`}: ${m.found}. ${m.write}`)
        .join('\n')}`,
      options,
    );
  }
}

/** One option that cannot work: what was found, what to write instead. */
export interface ConfigurationMistake {
  readonly option: string;
  readonly found: string;
  readonly write: string;
}

/** Unknown or impossible options; lists every one. */
export class ConfigurationError extends HoldfastError {
  static readonly code = 'CONFIGURATION_INVALID';
  readonly code = ConfigurationError.code;
  override readonly name = 'ConfigurationError';

  constructor(
    readonly mistakes: readonly ConfigurationMistake[],
    options?: ErrorOptions,
  ) {
    super(
      `${mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`} in options:\n${mistakes
        .map((m) => `  - ${m.option}: ${m.found}. ${m.write}`)
        .join('\n')}`,
      options,
    );
  }
}
