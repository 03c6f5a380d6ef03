import fc from 'fast-check';
import {
  checkpointFromText,
  checkpointToText,
  fieldOf,
} from '../../../../lib/adapters/redis/checkpoint-text.js';
import { decodeVerdict } from '../../../../lib/adapters/redis/decode-verdict.js';
import { encodeWrites } from '../../../../lib/adapters/redis/encode-write.js';
import { fromStored, toStored } from '../../../../lib/adapters/redis/stored-text.js';
import type { Checkpoint } from '../../../../lib/model/checkpoint.js';
import type { EventId, ExecutionId, ProcessId } from '../../../../lib/model/ids.js';
import type { NewEvent, Write } from '../../../../lib/ports/store-write.js';

/** Text of any UTF-16 units, halves of pairs and the mark among them. */
const anyText = fc
  .array(fc.oneof(fc.nat(0xffff), fc.constantFrom(1, 0, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0x30, 0x2e)), {
    maxLength: 12,
  })
  .map((units) => String.fromCharCode(...units));

describe('stored text', () => {
  test('comes back as it was, and UTF-8 carries it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const stored = toStored(text);
        expect(fromStored(stored)).toBe(text);
        expect(Buffer.from(stored, 'utf8').toString('utf8')).toBe(stored);
      }),
    );
  });

  test('no two texts are stored alike', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(toStored(a) === toStored(b)).toBe(a === b);
      }),
    );
  });

  test('a separator stays where it was', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(toStored(`${a}.${b}`)).toBe(`${toStored(a)}.${toStored(b)}`);
      }),
    );
  });

  test('text that needs no escape is stored as it is', () => {
    for (const text of ['', 'order-worker.fulfil', '{"a":"\\u0000"}', 'naïve 😀', '\0'])
      expect(toStored(text)).toBe(text);
  });
});

describe('a checkpoint', () => {
  const text = fc.oneof(anyText, fc.constant('{"value":"a\\nb"}'));
  const row: fc.Arbitrary<Checkpoint> = fc.record({
    key: text,
    path: text,
    kind: fc.constantFrom('completed', 'failed', 'attempt', 'timer', 'started', 'skipped'),
    seq: fc.nat(),
    turn: fc.nat(),
    epoch: fc.nat(),
    attempt: fc.nat(),
    value: fc.option(text),
    error: fc.option(text),
    wakeAt: fc.option(fc.nat()),
    startedAt: fc.nat(),
    endedAt: fc.nat(),
  });

  test('comes back as it was', () => {
    fc.assert(
      fc.property(row, fc.boolean(), (given, isPlain) => {
        const checkpoint = isPlain ? { ...given, path: given.key } : given;
        expect(checkpointFromText(checkpointToText(checkpoint))).toEqual(checkpoint);
      }),
    );
  });

  test('has a field that no row of another turn, epoch or key has', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const isSame = a.turn === b.turn && a.epoch === b.epoch && a.key === b.key;
        expect(fieldOf(a) === fieldOf(b)).toBe(isSame);
      }),
    );
  });
});

describe('a write', () => {
  const lease = { executionId: 'x' as ExecutionId, key: 1, owner: 'p' as ProcessId, fence: 3 };
  const event: NewEvent = {
    id: 'e' as EventId,
    name: 'n',
    session: null,
    dedup: null,
    executions: [],
  };

  test.each<[string, Write, unknown]>([
    ['an empty commit', commitOf({}), { k: 'c', id: 'x', fe: 3, no: 1 }],
    [
      'a pause',
      commitOf({
        record: {
          status: 'parked',
          waitReason: null,
          timers: {},
          listening: ['cancel', 'granted'],
          seenInboxSeq: 0,
          attempt: 1,
          epoch: 0,
          forget: [],
          value: '1',
          error: null,
        },
      }),
      {
        k: 'c',
        id: 'x',
        fe: 3,
        no: 1,
        r: { st: 'parked', ls: 'cancel,granted', se: 0, at: 1, ep: 0, va: '1' },
      },
    ],
    ['an event', { kind: 'publish', events: [event] }, { k: 'p', e: [{ id: 'e', nm: 'n' }] }],
    [
      'an instance whose execution ahead is dropped',
      {
        kind: 'instance',
        change: { id: 'i', expected: null, version: 'v', state: '{}', ahead: null },
        event: null,
        cancels: null,
      },
      { k: 'i', c: { id: 'i', v: 'v', s: '{}', ah: false } },
    ],
    [
      'a wait',
      {
        kind: 'await',
        lease,
        holder: 'h',
        event: 'n',
        key: '',
        except: null,
        until: null,
        isOver: false,
      },
      { k: 'w', id: 'x', fe: 3, h: 'h', en: 'n', y: '' },
    ],
  ])('%s leaves out what is not there', (_, write, wire) => {
    const [text = '', ...more] = encodeWrites([write]);
    expect(more).toEqual([]);
    expect(JSON.parse(text)).toEqual(wire);
    expect(text).not.toContain('null');
  });

  const row: Checkpoint = {
    key: 'k\ud800',
    path: 'k\ud800',
    kind: 'completed',
    seq: 1,
    turn: 0,
    epoch: 2,
    attempt: 1,
    value: '1',
    error: null,
    wakeAt: null,
    startedAt: 1,
    endedAt: 2,
  };

  const completed = {
    status: 'completed',
    waitReason: null,
    timers: {},
    listening: ['retry'],
    seenInboxSeq: 0,
    attempt: 1,
    epoch: 0,
    forget: [],
    value: '1',
    error: null,
  } as const;

  test('an end that is nothing else goes as plain arguments', () => {
    const change = '{"st":"completed","ls":"retry","se":0,"at":1,"ep":0,"va":"1"}';
    const end = encodeWrites([commitOf({ record: completed })]);
    expect(end).toEqual(['end', 'x', '3', '1', 'completed', change]);
  });

  test('an end that does more than that is no such end', () => {
    const more = [{ release: ['h'] }, { checkpoints: [row] }, { record: { ...completed, forget: ['a'] } }];
    for (const each of more) expect(encodeWrites([commitOf({ record: completed, ...each })])).toHaveLength(1);
  });

  test('timers keep their names, whatever those are', () => {
    const timers = Object.fromEntries([
      ['__proto__', 1],
      ['\ud800', 2],
      ['0', 3],
    ]);
    const record = {
      status: 'waiting',
      waitReason: 'timer',
      timers,
      listening: [],
      seenInboxSeq: 0,
      attempt: 1,
      epoch: 0,
      forget: [],
      value: null,
      error: null,
    } as const;
    const [text = ''] = encodeWrites([commitOf({ record })]);
    const { r } = JSON.parse(text) as { r: { ti: Record<string, number> } };
    expect(Object.entries(r.ti)).toEqual([
      ['0', 3],
      ['__proto__', 1],
      ['\u0001d800', 2],
    ]);
  });

  test('a commit of one row goes as plain arguments', () => {
    const args = encodeWrites([commitOf({ checkpoints: [row] }), commitOf({})]);
    expect(args.slice(0, 6)).toEqual(['row', 'x', '3', '1', 'j0.2.k\u0001d800', checkpointToText(row)]);
    expect(args).toHaveLength(7);
  });

  function commitOf(delta: Partial<Extract<Write, { kind: 'commit' }>['delta']>): Write {
    const empty = { commitNo: 1, checkpoints: [], record: null, publish: null, release: [] };
    return { kind: 'commit', lease, delta: { ...empty, ...delta } };
  }
});

describe('a verdict', () => {
  test('has only what it tells of', () => {
    expect(decodeVerdict({ v: 'ok' })).toEqual({ verdict: 'ok' });
    expect(decodeVerdict({ v: 'already', x: {} })).toEqual({ verdict: 'already', executions: [] });
    expect(decodeVerdict({ v: 'ok', due: true })).toEqual({ verdict: 'ok', due: true });
    expect(decodeVerdict({ v: 'ok', gr: false })).toEqual({ verdict: 'ok', granted: false });
    expect(decodeVerdict({ v: 'ok', ml: false })).toEqual({ verdict: 'ok', mail: null });
    expect(decodeVerdict({ v: 'ok', ca: 0 })).toEqual({ verdict: 'ok', cancelled: 0 });
    expect(decodeVerdict({ v: 'rejected', re: 'instance-changed' })).toEqual({
      verdict: 'rejected',
      reason: 'instance-changed',
    });
  });
});
