import { DURATION_FORMS, parseDuration } from '../../model/duration.js';
import { ConfigurationError, type ConfigurationMistake } from '../../model/errors-boot.js';
import { impossibleOption, shownOption } from '../../model/impossible-option.js';
import { optionsForm, writeOneOf } from '../../model/near-names.js';

/** What is wrong with the value of that option; nothing is wrong with one that is left out. */
export type OptionCheck = (option: string, value: unknown) => readonly ConfigurationMistake[];

/** Takes any value: what uses it checks it. */
export const anything: OptionCheck = () => [];

export function wholeFrom(least: number): OptionCheck {
  return that(
    (value) => Number.isInteger(value) && (value as number) >= least,
    `Write a whole number from ${least}`,
  );
}

export function wholeBetween(least: number, most: number): OptionCheck {
  return that(
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    `Write a whole number from ${least} to ${most}`,
  );
}

export const text: OptionCheck = that((value) => typeof value === 'string', 'Write text');

export const anObject: OptionCheck = that(
  (value) => typeof value === 'object' && value !== null,
  'Write an object',
);

export const aClassOrId: OptionCheck = that(
  (value) => typeof value === 'string' || typeof value === 'function',
  'Write a worker class, or its id',
);

export function durationFrom(leastMs: number): OptionCheck {
  return that(
    (value) => (parseDuration(value) ?? -1) >= leastMs,
    leastMs === 0 ? `Write ${DURATION_FORMS}` : `Write at least ${leastMs} ms: ${DURATION_FORMS}`,
  );
}

export function oneOf(...allowed: readonly string[]): OptionCheck {
  return that(
    (value) => allowed.includes(value as string),
    `Write ${allowed.map((each) => `'${each}'`).join(' or ')}`,
  );
}

export function aFunction(form: string): OptionCheck {
  return that((value) => typeof value === 'function', `Write a function ${form}`);
}

export const anArray: OptionCheck = (option, value) =>
  value === undefined || Array.isArray(value)
    ? []
    : [
        impossibleOption(
          option,
          value,
          typeof value === 'function' && value.name !== '' ? `Write [${value.name}]` : 'Write an array',
        ),
      ];

/** An array of functions, or of classes; a circular import leaves undefined there. */
export function arrayOf(noun: 'classes' | 'functions'): OptionCheck {
  return (option, value) =>
    Array.isArray(value)
      ? value.flatMap((item: unknown, at) =>
          typeof item === 'function'
            ? []
            : [
                impossibleOption(
                  `${option}[${at}]`,
                  item,
                  `List ${noun}; look for a circular import where it is undefined`,
                ),
              ],
        )
      : anArray(option, value);
}

/** An object that has at least these methods. */
export function withMethods(...methods: readonly string[]): OptionCheck {
  return (option, value) => {
    if (value === undefined) return [];
    const missing = methods.filter(
      (method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function',
    );
    if (missing.length === 0) return [];
    return [
      impossibleOption(
        option,
        value,
        `Give an object with the methods ${methods.join(', ')}; ${missing.join(', ')} is missing`,
      ),
    ];
  };
}

/** A store; text is told what makes one. */
export const aStore: OptionCheck = (option, value) => {
  if (typeof value !== 'string') return withMethods('open', 'write', 'claim', 'close')(option, value);
  const path = value.replace(/^(?:sqlite|file):(?:\/\/)?/, '').slice(0, 60);
  const write = /^rediss?:/i.test(path)
    ? "redisStore({ url }), which comes from 'holdfast/redis'"
    : /^(?:memory:?)?$/.test(path)
      ? 'memoryStore()'
      : `sqliteStore('${path}')`;
  return [impossibleOption(option, value, `Write ${write}`)];
};

/** An object of which each part has a check of its own; `noun` is what a part is called. */
export function partsOf(noun: string, checks: Readonly<Record<string, OptionCheck>>): OptionCheck {
  return (option, value) => {
    if (value === undefined || value === null) return [];
    if (typeof value !== 'object')
      return [impossibleOption(option, value, `Write { ${Object.keys(checks).join(', ')} }`)];
    return Object.entries(value).flatMap(([name, part]) =>
      Object.hasOwn(checks, name)
        ? (checks[name]?.(`${option}.${name}`, part) ?? [])
        : [
            {
              option: `${option}.${name}`,
              found: `it is no ${noun}`,
              write: writeOneOf(name, Object.keys(checks)),
            },
          ],
    );
  };
}

/** Everything wrong with the options of a call, such as `handle.retry()`. */
export function optionMistakes(
  call: string,
  given: object,
  checks: Readonly<Record<string, OptionCheck>>,
  /** Those that may not be left out. */
  needed: readonly string[] = [],
): readonly ConfigurationMistake[] {
  if (typeof given !== 'object' || given === null)
    return [
      {
        option: call,
        found: `${shownOption(given)} is no object of options`,
        write: optionsForm(Object.keys(checks), needed),
      },
    ];
  return Object.entries(given).flatMap(([name, value]) =>
    Object.hasOwn(checks, name)
      ? (checks[name]?.(`${call}: ${name}`, value) ?? [])
      : [
          {
            option: `${call}: ${name}`,
            found: 'it is no option',
            write: writeOneOf(name, Object.keys(checks)),
          },
        ],
  );
}

/** Throws `ConfigurationError` for what is no object of options, such as the workers themselves. */
export function refuseNoOptions(call: string, given: unknown): void {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const names = list.flatMap((one) => (typeof one === 'function' && one.name !== '' ? [one.name] : []));
  const shown = names.length > MOST_SHOWN ? [...names.slice(0, MOST_SHOWN), '…'] : names;
  refuse([
    {
      option: call,
      found: `${Array.isArray(given) ? 'a list' : shownOption(given)} is no object of options`,
      write: `Write { workers: [${names.length === 0 ? 'OrderWorker' : shown.join(', ')}] }`,
    },
  ]);
}

const MOST_SHOWN = 3;

/** Throws `ConfigurationError` with all mistakes, if any. */
export function refuse(mistakes: readonly ConfigurationMistake[]): void {
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

function that(holds: (value: unknown) => boolean, write: string): OptionCheck {
  return (option, value) =>
    value === undefined || holds(value) ? [] : [impossibleOption(option, value, write)];
}
