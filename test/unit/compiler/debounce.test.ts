import { Actor } from '../../../lib/decorators/actor.js';
import { Concurrency } from '../../../lib/decorators/concurrency.js';
import { Debounce as TypedDebounce } from '../../../lib/decorators/debounce.js';
import { defineEvent } from '../../../lib/decorators/define-event.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { Retry } from '../../../lib/decorators/retry.js';
import type { HandlerDefinition } from '../../../lib/model/definition.js';
import { compiled, foundIn, type Loose, mistakesOf, workerOf } from './worker-of.js';
import { z } from 'zod';

const Debounce = TypedDebounce as unknown as Loose;
const Changed = defineEvent('changed', z.object({ id: z.string() }));
const plain = { key: 'id', flushAfter: '5s' };

function handlerOf(...decorators: readonly unknown[]): HandlerDefinition {
  const [handler] = compiled({ run: decorators, fold: [] }).handlers;
  if (handler === undefined) throw new TypeError('no handler');
  return handler;
}

const found = (options: unknown): string[] => foundIn({ run: [Debounce(Changed, options)] });

describe('a @Debounce', () => {
  it('has the defaults that are documented', () => {
    expect(handlerOf(Debounce(Changed, plain)).keyed).toMatchObject({
      kind: 'debounce',
      key: { path: 'id' },
      flushAfterMs: 5_000,
      slides: false,
      maxWaitMs: null,
      most: null,
      collect: 'all',
      reduce: null,
    });
  });

  it('takes several events, a function as key and a description', () => {
    const key = () => 'k';
    const events = [Changed, 'removed'];
    const handler = handlerOf(Debounce(events, { key, flushAfter: 10, description: 'd' }));
    expect(handler.routes.map(({ event }) => event)).toEqual(['changed', 'removed']);
    expect(handler.keyed).toMatchObject({ key: { path: null, of: key }, flushAfterMs: 10 });
    expect(handler.description).toBe('d');
  });

  it('parks what finally fails, unless onExhausted says otherwise', () => {
    const debounce = Debounce(Changed, plain);
    expect(handlerOf(debounce).retry).toMatchObject({ whenExhausted: 'park', maxAttempts: 3 });
    expect(handlerOf(debounce, Retry({ maxAttempts: 7 })).retry).toMatchObject({
      whenExhausted: 'park',
      maxAttempts: 7,
    });
    expect(handlerOf(debounce, Retry({ onExhausted: () => {} })).retry.whenExhausted).toBe('fail');
  });

  it.each<[found: string, options: unknown]>([
    ['no options', undefined],
    ["'5s' as its options", '5s'],
    ['no key', { flushAfter: '5s' }],
    ['key: 7', { ...plain, key: 7 }],
    ['no flushAfter', { key: 'id' }],
    ["flushAfter: 'soon'", { ...plain, flushAfter: 'soon' }],
    ['maxEvents: 0', { ...plain, maxEvents: 0 }],
    ['maxEvents: 1.5', { ...plain, maxEvents: 1.5 }],
    ["mode: 'sliding'", { ...plain, mode: 'sliding' }],
    ["maxWait without mode: 'trailing'", { ...plain, maxWait: '1 minute' }],
    ["maxWait: '1s', less than flushAfter", { ...plain, mode: 'trailing', maxWait: '1s' }],
    ["maxWait: 'long'", { ...plain, mode: 'trailing', maxWait: 'long' }],
    ["collect: 'newest'", { ...plain, collect: 'newest' }],
    ["reduce: 'missing'", { ...plain, reduce: 'missing' }],
    ["reduce: 'run'", { ...plain, reduce: 'run' }],
    ['the unknown option wait', { ...plain, wait: '5s' }],
  ])('is refused with %s', (what, options) => {
    expect(found(options)).toEqual([`run: @Debounce has ${what}`]);
  });

  it('has one of collect and reduce', () => {
    const options = { ...plain, collect: 'latest', reduce: 'fold' };
    expect(foundIn({ run: [Debounce(Changed, options)], fold: [] })).toContain(
      'run: @Debounce has collect and reduce',
    );
  });

  it('stands alone, and has no other gate', () => {
    const debounce = Debounce(Changed, plain);
    expect(foundIn({ run: [debounce, OnEvent('other')] })).toEqual(['run: it has @Debounce and @OnEvent']);
    expect(foundIn({ run: [debounce, Concurrency(1)] })).toEqual(['run: it has @Debounce and @Concurrency']);
  });

  it('names its own decorator in what is wrong with its events', () => {
    expect(mistakesOf(workerOf({ run: [Debounce(undefined, plain)] }))[0]?.found).toBe(
      'run: @Debounce has undefined as its event',
    );
  });

  it('is no part of an actor', () => {
    class State {}
    const type = workerOf({ run: [Debounce(Changed, plain)] });
    (Actor as Loose as (options: unknown) => (target: unknown) => void)({ state: State, key: 'id' })(type);
    expect(mistakesOf(type).map((mistake) => mistake.found)).toContain('run: it has @Debounce in an actor');
  });
});
