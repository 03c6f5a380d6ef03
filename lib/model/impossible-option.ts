import type { ConfigurationMistake } from './errors-boot.js';

/** An option whose value cannot be: what was found, and what to write instead. */
export function impossibleOption(option: string, value: unknown, write: string): ConfigurationMistake {
  return { option, found: `${shownOption(value)} is not possible`, write };
}

/** A value of an option, as a mistake shows it: short, and never what an object holds. */
export function shownOption(value: unknown): string {
  // Of an address, the user and the password are nobody's to read.
  if (typeof value === 'string') return `'${value.replace(/\/\/.*@/, '//…@').slice(0, 60)}'`;
  if (typeof value === 'function')
    return /^class\b/.test(String(value)) ? `class ${value.name}` : 'a function';
  return typeof value === 'object' && value !== null ? 'what was given' : String(value);
}
