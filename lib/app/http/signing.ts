import type { OptionCheck } from '../options/option-checks.js';

/** A key, or several while keys are being changed: the first one signs, any of them is believed. */
export type Signing = string | readonly string[];

/** Of one key: what 256 bits have in hexadecimal is 64, in base64 43. */
const SHORTEST_KEY = 32;
const MOST_KEYS = 8;
const WRITE = `Write a random key of at least ${SHORTEST_KEY} characters, for example what \`openssl rand -hex 32\` prints, or up to ${MOST_KEYS} of them`;

export function keysOf(signing: Signing | undefined): readonly string[] {
  if (signing === undefined) return [];
  return typeof signing === 'string' ? [signing] : [...signing];
}

/** What is wrong with the keys, of which none is shown. */
export const signingMistakes: OptionCheck = (option, value) => {
  if (value === undefined) return [];
  const keys: readonly unknown[] = Array.isArray(value) ? value : [value];
  const found = (): string | null => {
    if (keys.length === 0 || keys.length > MOST_KEYS) return `it has ${keys.length} keys`;
    const wrong = keys.find((key) => typeof key !== 'string' || key.length < SHORTEST_KEY);
    if (wrong === undefined && !keys.includes(undefined)) return null;
    return typeof wrong === 'string' ? `a key has ${wrong.length} characters` : `a key is no text`;
  };
  const what = found();
  return what === null ? [] : [{ option, found: what, write: WRITE }];
};
