import type { DebounceMetadata } from '../metadata/class-metadata.js';
import { DURATION_FORMS, parseDuration } from '../model/duration.js';
import type { DebouncePolicy } from '../model/keyed.js';
import { writeOneOf } from '../model/near-names.js';
import { compileKey } from './compile-key.js';
import type { PolicyPlace } from './compile-retry.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const OPTIONS = [
  'key',
  'flushAfter',
  'maxEvents',
  'mode',
  'maxWait',
  'collect',
  'reduce',
  'description',
] as const;
const MODES = ['window', 'trailing'];
const COLLECTS = ['all', 'latest'];
const FORM = "Write @Debounce(ContactChanged, { key: 'contactId', flushAfter: '5s' })";

type Options = Readonly<Partial<Record<(typeof OPTIONS)[number], unknown>>>;
type Refuse = (found: string, write: string) => void;

/** What a `@Debounce` asks for; null, with a mistake noted, where it cannot be followed. */
export function compileDebounce(
  { options: written }: DebounceMetadata,
  { type, member, mistakes }: PolicyPlace,
): DebouncePolicy | null {
  let isSound = true;
  const refuse: Refuse = (found, write) => {
    isSound = false;
    mistakes.add(member, `@Debounce has ${found}`, write);
  };
  if (typeof written !== 'object' || written === null) {
    refuse(written === undefined ? 'no options' : `${show(written)} as its options`, FORM);
    return null;
  }
  for (const name of Object.keys(written))
    if (!(OPTIONS as readonly string[]).includes(name))
      refuse(`the unknown option ${name}`, writeOneOf(name, OPTIONS));
  const options = written as Options;
  const key = compileKey(options.key, refuse);
  if (options.key === undefined) refuse('no key', FORM);
  const flushAfterMs = flushAfterOf(options, refuse);
  const slides = chosen(options, 'mode', MODES, refuse) === 'trailing';
  const maxWaitMs = maxWaitOf(options, slides, flushAfterMs, refuse);
  const collect = chosen(options, 'collect', COLLECTS, refuse) === 'latest' ? 'latest' : 'all';
  const reduce = reducerOf(options, type.prototype, member, refuse);
  const { maxEvents } = options;
  if (maxEvents !== undefined && !(Number.isSafeInteger(maxEvents) && Number(maxEvents) >= 1))
    refuse(`maxEvents: ${show(maxEvents)}`, 'Write a whole number, 1 or more');
  if (!isSound || key === null) return null;
  return Object.freeze({
    kind: 'debounce',
    key,
    flushAfterMs,
    slides,
    maxWaitMs,
    most: typeof maxEvents === 'number' ? maxEvents : null,
    collect,
    reduce,
  });
}

/** Mistakes in the events that it names. */
export function ofDebounce(mistakes: ClassMistakes): ClassMistakes {
  const named = (text: string): string => text.replaceAll('@OnEvent', '@Debounce');
  return { add: (member, found, write) => mistakes.add(member, named(found), named(write)) };
}

function flushAfterOf({ flushAfter }: Options, refuse: Refuse): number {
  const ms = parseDuration(flushAfter);
  if (ms === null)
    refuse(
      flushAfter === undefined ? 'no flushAfter' : `flushAfter: ${show(flushAfter)}`,
      `Write ${DURATION_FORMS}`,
    );
  return ms ?? 0;
}

function maxWaitOf(
  { maxWait }: Options,
  slides: boolean,
  flushAfterMs: number,
  refuse: Refuse,
): number | null {
  if (maxWait === undefined) return null;
  const ms = parseDuration(maxWait);
  if (ms === null) refuse(`maxWait: ${show(maxWait)}`, `Write ${DURATION_FORMS}`);
  else if (!slides)
    refuse("maxWait without mode: 'trailing'", 'Leave it out: a window ends flushAfter its first event');
  else if (ms < flushAfterMs)
    refuse(`maxWait: ${show(maxWait)}, less than flushAfter`, 'Write as much as flushAfter, or more');
  return ms;
}

function reducerOf(
  { reduce, collect }: Options,
  prototype: object,
  member: string | null,
  refuse: Refuse,
): string | null {
  if (reduce === undefined) return null;
  if (collect !== undefined) refuse('collect and reduce', 'Write one of them: a reducer sees every event');
  const found = typeof reduce === 'string' && reduce !== 'constructor' && reduce !== member;
  if (!found || typeof Reflect.get(prototype, reduce) !== 'function') {
    refuse(`reduce: ${show(reduce)}`, 'Write the name of another method of this class');
    return null;
  }
  return reduce;
}

function chosen(
  options: Options,
  name: 'mode' | 'collect',
  choices: readonly string[],
  refuse: Refuse,
): string | undefined {
  const value = options[name];
  if (value === undefined) return choices[0];
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    refuse(`${name}: ${show(value)}`, writeOneOf(typeof value === 'string' ? value : '', choices));
  return found;
}
