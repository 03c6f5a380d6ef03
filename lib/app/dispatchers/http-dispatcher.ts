import { isLoopbackHost } from '../../adapters/http/inbound.js';
import { MOST_HINTS } from '../../adapters/http/hint-body.js';
import { HttpDispatcher } from '../../adapters/http/http-dispatcher.js';
import type { Fetch } from '../../adapters/http/post-hints.js';
import { systemClock } from '../../adapters/system/system-clock.js';
import { systemRandom } from '../../adapters/system/system-random.js';
import { uuidGenerator } from '../../adapters/system/uuid-generator.js';
import { type Duration, parseDuration } from '../../model/duration.js';
import type { ConfigurationMistake } from '../../model/errors-boot.js';
import type { Clock } from '../../ports/clock.js';
import {
  aFunction,
  anything,
  durationFrom,
  optionMistakes,
  refuse,
  wholeBetween,
  wholeFrom,
  withMethods,
} from '../options/option-checks.js';
import { keysOf, signingMistakes, type Signing } from '../http/signing.js';

/** Where hints go and how they are signed. */
export interface HttpDispatcherOptions {
  /** The address of the other process's mount, such as `'https://jobs.example.com/holdfast'`; several are all told. */
  readonly url: string | readonly string[];
  /** The key that the mount knows; of several, the first signs. */
  readonly signing?: Signing;
  /** For development: sends unsigned hints, to this machine only. */
  readonly insecure?: boolean;
  /** Takes `http:` to other machines too, where the network between them is yours alone: what is signed is not secret. */
  readonly plainHttp?: boolean;
  /** How long a request may take; `'5s'` by default. */
  readonly timeout?: Duration;
  /** Hints that may wait to be sent to each address; 10,000 by default. More are given up at once. */
  readonly buffer?: number;
  /** Hints of one request, at most; 250 by default. */
  readonly batch?: number;
  /** Requests in a row that may fail, with growing pauses, before what waits is given up; 4 by default. */
  readonly attempts?: number;
  /** How long `stop()` lets hints go out; `'2s'` by default. */
  readonly drain?: Duration;
  /** Instead of the platform's `fetch`: through a proxy, or with certificates of your own. */
  readonly fetch?: Fetch;
  /** Time; the machine's by default. */
  readonly clock?: Clock;
}

const CHECKS = {
  url: anything,
  signing: signingMistakes,
  insecure: anything,
  plainHttp: anything,
  timeout: durationFrom(1),
  buffer: wholeFrom(1),
  batch: wholeBetween(1, MOST_HINTS),
  attempts: wholeFrom(1),
  drain: durationFrom(0),
  fetch: aFunction('(url, init) => Promise<Response>'),
  clock: withMethods('now', 'monotonic', 'setTimer', 'soon'),
} satisfies Record<keyof HttpDispatcherOptions, unknown>;

/**
 * Tells other processes of due work by signed requests to their `app.mount()`: hints in batches, tried a few times, then left to
 * the sweep. The store must be one that all of them share. Throws `ConfigurationError`.
 *
 * @example
 * await bootstrap({
 *   workers: [OrderWorker],
 *   dispatcher: httpDispatcher({ url: 'https://jobs.example.com/holdfast', signing: key }),
 * });
 */
export function httpDispatcher(options: HttpDispatcherOptions): HttpDispatcher {
  const mistakes = optionMistakes('httpDispatcher()', options, CHECKS);
  refuse(mistakes.length > 0 ? mistakes : [...urlMistakes(options), ...secrecyMistakes(options)]);
  const { clock = systemClock, buffer = 10_000, batch = 250, attempts = 4 } = options;
  const fetcher: Fetch = options.fetch ?? ((url, init) => fetch(url, init));
  const [key = null] = keysOf(options.signing);
  return new HttpDispatcher({
    outboxes: urlsOf(options).map((url) => ({
      url: `${url.replace(/\/+$/, '')}/hints`,
      key,
      timeoutMs: ms(options.timeout, '5s'),
      fetch: fetcher,
      clock,
      random: systemRandom,
      nextId: () => uuidGenerator.next(),
      buffer,
      batch,
      attempts,
    })),
    drainMs: ms(options.drain, '2s'),
  });
}

function urlsOf({ url }: HttpDispatcherOptions): readonly string[] {
  return typeof url === 'string' ? [url] : url;
}

function urlMistakes(options: HttpDispatcherOptions): readonly ConfigurationMistake[] {
  const urls: readonly unknown[] = Array.isArray(options.url) ? options.url : [options.url];
  const write = "Write the whole address of a mount, such as 'https://jobs.example.com/holdfast'";
  if (urls.length === 0) return [wrong('url', 'it is empty', write)];
  return urls.flatMap((written) => {
    const url = typeof written === 'string' ? urlOf(written) : null;
    if (url === null) return [wrong('url', 'it is no address of the web', write)];
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
      return [wrong('url', 'it has a password, a query or a fragment', write)];
    if (url.protocol === 'https:' || isLoopbackHost(url.hostname) || options.plainHttp === true) return [];
    return [
      wrong('url', `http: to ${url.hostname} can be read on the way`, 'Write https:, or plainHttp: true'),
    ];
  });
}

/** Null: it is no address of http or https. */
function urlOf(written: string): URL | null {
  if (!URL.canParse(written)) return null;
  const url = new URL(written);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
}

function secrecyMistakes(options: HttpDispatcherOptions): readonly ConfigurationMistake[] {
  const { signing, insecure = false } = options;
  if (signing !== undefined)
    return insecure ? [wrong('insecure', 'signing is given too', 'Write one of them')] : [];
  if (!insecure)
    return [
      wrong(
        'signing',
        'it is missing',
        'Write the key that the mount has, or, on your own machine, insecure: true',
      ),
    ];
  const isHere = urlsOf(options).every((url) => isLoopbackHost(urlOf(url)?.hostname ?? ''));
  return isHere ? [] : [wrong('insecure', 'the address is not on this machine', 'Write signing')];
}

function wrong(option: string, found: string, write: string): ConfigurationMistake {
  return { option: `httpDispatcher(): ${option}`, found, write };
}

function ms(duration: Duration | undefined, standard: Duration): number {
  return parseDuration(duration ?? standard) ?? 0;
}
