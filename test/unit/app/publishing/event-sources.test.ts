import { IsInt, IsUUID } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import {
  createEventSources,
  type EventSources,
  type ResolvedEvent,
} from '../../../../lib/app/publishing/event-sources.js';
import { defineEvent, defineEvents } from '../../../../lib/decorators/define-event.js';
import { Event } from '../../../../lib/decorators/event.js';
import { ConfigurationError, DefinitionError } from '../../../../lib/model/errors-boot.js';
import { UnknownEventError } from '../../../../lib/model/errors-event.js';
import { defaultLimits } from '../../../../lib/model/limits.js';

@Event('counted')
class Counted {
  @IsInt() n!: number;
}

class Recounted extends Counted {}

const Signed = defineEvent('signed', z.object({ id: z.string() }));
const union = z.discriminatedUnion('type', [
  z.object({ type: z.literal('user.in'), at: z.coerce.date() }),
  z.object({ type: z.literal('user.out'), id: z.string() }),
]);

const make = (over: Partial<Parameters<typeof createEventSources>[0]> = {}): EventSources =>
  createEventSources({ limits: () => defaultLimits, ...over });

describe('what publish was given', () => {
  it('a class and data', async () => {
    const { definition, data, options } = await make().resolve([Counted, { n: 1 }, { id: 'e1' }]);
    expect(definition).toMatchObject({ name: 'counted', families: [] });
    expect([data, options]).toEqual([{ n: 1 }, { id: 'e1' }]);
    expect(await definition.checker.check(data)).toEqual({ ok: true, data: { n: 1 } });
    expect(definition.checker.restore(data)).toBeInstanceOf(Counted);
  });

  it('is answered at once from the second time on, and after it was registered', async () => {
    const sources = make();
    expect(sources.definitionOf('counted')).toBeNull();
    await sources.register(Counted);
    const resolved = sources.resolve([Counted, { n: 1 }]);
    expect(resolved).not.toBeInstanceOf(Promise);
    expect((resolved as ResolvedEvent).definition).toBe(sources.definitionOf('counted'));
  });

  it('two at a time of a class met for the first time get one definition', async () => {
    const sources = make();
    const [a, b] = await Promise.all([
      sources.resolve([Counted, { n: 1 }]),
      sources.resolve([Counted, { n: 2 }]),
    ]);
    expect(a?.definition).toBe(b?.definition);
  });

  it('an instance', async () => {
    const event = Object.assign(new Counted(), { n: 2 });
    const { definition, data, options } = await make().resolve([event, { delay: 5 }]);
    expect([definition.name, data, options]).toEqual(['counted', event, { delay: 5 }]);
    expect(await definition.checker.check(data)).toEqual({ ok: true, data: { n: 2 } });
  });

  it('an event of defineEvent', () => {
    const resolved = make().resolve([Signed, { id: 'x' }, { id: 'e' }]) as ResolvedEvent;
    expect(resolved).toMatchObject({
      definition: { name: 'signed', families: [] },
      data: { id: 'x' },
      options: { id: 'e' },
    });
    expect(resolved.definition.checker.check({ id: 1 })).toMatchObject({
      ok: false,
      violations: [{ path: 'id' }],
    });
  });

  it('a member of the union of the app', () => {
    const member = { type: 'user.in', at: '2026-01-01' };
    const resolved = make({ union }).resolve([member, { id: 'e' }]) as ResolvedEvent;
    expect(resolved).toMatchObject({
      definition: { name: 'user.in', families: ['*events'] },
      data: member,
      options: { id: 'e' },
    });
    expect(resolved.definition.checker.check(member)).toEqual({
      ok: true,
      data: { type: 'user.in', at: new Date('2026-01-01') },
    });
  });

  it('a member of a union of defineEvents, given to the app, registered, or only defined', async () => {
    const billing = defineEvents(
      v.variant('type', [v.object({ type: v.literal('bill.paid'), sum: v.number() })]),
      { id: 'billing' },
    );
    const registered = make();
    await registered.register(billing);
    for (const sources of [make({ union: billing }), registered, make()]) {
      const { definition } = await sources.resolve([{ type: 'bill.paid', sum: 1 }]);
      expect(definition).toMatchObject({ name: 'bill.paid', families: ['*billing'] });
    }
    const direct = await make().resolve([billing, { type: 'bill.paid', sum: 1 }, { id: 'e' }]);
    expect(direct).toMatchObject({ definition: { name: 'bill.paid' }, options: { id: 'e' } });
  });

  it('a member that one of several unions takes, synchronous or not', async () => {
    const slow = defineEvents(
      z.object({ type: z.literal('slow.one'), n: z.number().refine((n) => Promise.resolve(n > 0)) }),
      { id: 'slow' },
    );
    const sources = make({ union });
    await sources.register(slow);
    expect((await sources.resolve([{ type: 'slow.one', n: 1 }])).definition.families).toEqual(['*slow']);
    expect((await sources.resolve([{ type: 'user.out', id: 'x' }])).definition.families).toEqual(['*events']);
    const bad = await sources.resolve([{ type: 'slow.one', n: -1 }]);
    expect(bad.definition.families).toEqual(['*slow']);
    expect(await bad.definition.checker.check({ type: 'slow.one', n: -1 })).toMatchObject({
      ok: false,
      violations: [{ path: 'n' }],
    });
  });

  it('a member of no known type is checked, and refused at its type', async () => {
    const { definition, data } = await make({ union }).resolve([{ type: 'user.lost' }]);
    expect(await definition.checker.check(data)).toMatchObject({ ok: false, violations: [{ path: 'type' }] });
  });

  it('a known name', async () => {
    const sources = make({ union });
    await sources.register(Counted);
    expect(await sources.resolve(['counted', { n: 1 }, { id: 'e' }])).toMatchObject({
      definition: { name: 'counted' },
      options: { id: 'e' },
    });
    expect((await sources.resolve(['user.out', { id: 'x' }])).data).toEqual({ type: 'user.out', id: 'x' });
    expect((await sources.resolve(['user.out', { type: 'user.out', id: 'x' }])).definition.name).toBe(
      'user.out',
    );
  });

  it.each<[string, unknown]>([
    ['a class without @Event', class Plain {}],
    ['a subclass of an event', Recounted],
    ['an instance of one', new Recounted()],
    ['an instance of no event', new (class Plain {})()],
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['a bare schema', z.object({})],
    ['an object without type', { a: 1 }],
    ['an array', []],
    ['a function', () => 1],
  ])('%s is an UnknownEventError', (_, source) => {
    expect(() => make().resolve([source, {}])).toThrow(UnknownEventError);
  });

  it('no union and no such name is an UnknownEventError that says what was passed', () => {
    expect(() => make().resolve([class Plain {}, {}])).toThrow(/class Plain/);
    const alone = { type: 5 };
    expect(() => make().resolve([alone])).toThrow(UnknownEventError);
  });
});

describe('limits', () => {
  it('are checked before the schema sees the data, and followed as they change', async () => {
    let limits = { ...defaultLimits, keys: 3 };
    const seen: unknown[] = [];
    const spy = defineEvent(
      'spied',
      z.custom((value) => seen.push(value) > 0),
    );
    const sources = make({ limits: () => limits });
    const { definition } = await sources.resolve([spy, {}]);
    expect(definition.checker.check({ a: 1, b: 1, c: 1, d: 1 })).toMatchObject({
      ok: false,
      violations: [{ path: '' }],
    });
    expect(definition.checker.check(JSON.parse('{"__proto__":1}'))).toMatchObject({
      ok: false,
      violations: [{ path: '__proto__' }],
    });
    expect(seen).toEqual([]);
    limits = defaultLimits;
    expect(definition.checker.check({ a: 1, b: 1, c: 1, d: 1 })).toMatchObject({ ok: true });
  });

  it('hold for members of several unions before any is asked', async () => {
    const deep = JSON.parse(`{"type":"user.in","at":${'['.repeat(100_000)}${']'.repeat(100_000)}}`) as object;
    const sources = make({ union });
    const { definition } = await sources.resolve([deep]);
    expect(await definition.checker.check(deep)).toMatchObject({ ok: false });
  });
});

describe('one name', () => {
  it('cannot be that of two events', async () => {
    const sources = make();
    await sources.register(Signed);
    await sources.register(defineEvent('signed', Signed.schema));
    expect(() => sources.resolve([defineEvent('signed', z.object({})), {}])).toThrow(DefinitionError);
    @Event('signed')
    class AlsoSigned {
      @IsUUID() id!: string;
    }
    await expect(sources.register(AlsoSigned)).rejects.toThrow(
      /'signed' is also that of defineEvent\('signed'\)/,
    );
  });

  it('cannot be that of two unions', async () => {
    const sources = make({ union });
    await sources.register(defineEvents(union));
    await expect(sources.register(defineEvents(z.object({ type: z.literal('x') })))).rejects.toThrow(
      /same id/,
    );
  });

  it('of a member is no prototype key', async () => {
    const sources = make({ union });
    for (const type of ['__proto__', 'constructor', 'toString']) {
      const { definition } = await sources.resolve([{ type }]);
      expect(definition.name).toBe(type);
      expect(await definition.checker.check({ type })).toMatchObject({ ok: false });
    }
    expect(make().definitionOf('constructor')?.name ?? null).not.toBe('Object');
  });
});

it('a union that is no schema is a ConfigurationError', () => {
  expect(() => make({ union: {} as never })).toThrow(ConfigurationError);
});

it('a schema that changes a member’s type is a violation', async () => {
  const odd = defineEvents(
    z.object({ type: z.literal('a') }).transform(() => ({ type: 'b' })),
    { id: 'odd' },
  );
  const { definition } = await make().resolve([odd, { type: 'a' }]);
  expect(definition.checker.check({ type: 'a' })).toMatchObject({
    ok: false,
    violations: [{ path: 'type' }],
  });
});
