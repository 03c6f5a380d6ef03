import { defineEvent } from 'holdfast';

export interface Numbered {
  readonly n: number;
  /** Events of one key are one actor's, or come together. */
  readonly key?: string;
}

/** How often the schedule of the torture ticks. */
export const TICK_MS = 250;

/** Every way in which a handler can go about its steps, and the value that it has to end with. */
export const expected = {
  sequential: (n: number) => `${n}.a.b.c`,
  nested: (n: number) => `${n}.inner1.inner2.outer.tail`,
  parallel: (n: number) => `${n}.p0|${n}.p1|${n}.p2|${n}.p3.tail`,
  staggered: (n: number) => `${n}.now|${n}.later.tail`,
  loop: (n: number) => `${n}.l0.l1.l2.l3.l4`,
  compensated: (n: number) => `${n}.charge.refund`,
  retried: (n: number) => `${n}.before.flaky.after`,
  sleeping: (n: number) => `${n}.before.after`,
  publishing: (n: number) => `${n}.before.after`,
  published: (n: number) => `${n}.child`,
  audited: (n: number) => `${n}.audit`,
} as const;

export type Kind = keyof typeof expected;

/** What the publisher process publishes, in turn. The others follow from these. */
export const publishedKinds = [
  'sequential',
  'nested',
  'parallel',
  'staggered',
  'loop',
  'compensated',
  'retried',
  'sleeping',
  'publishing',
] as const satisfies readonly Kind[];

/** What the publisher publishes besides: its events share keys. */
export const timeKinds = ['told', 'gathered'] as const;

export type TimeKind = (typeof timeKinds)[number];

function event<const Name extends string>(name: Name) {
  return defineEvent(name, {
    '~standard': {
      version: 1,
      vendor: 'torture',
      validate: (value: unknown) => ({ value: value as Numbered }),
      types: undefined as { readonly input: Numbered; readonly output: Numbered } | undefined,
    },
  });
}

export const events = {
  sequential: event('sequential'),
  nested: event('nested'),
  parallel: event('parallel'),
  staggered: event('staggered'),
  loop: event('loop'),
  compensated: event('compensated'),
  retried: event('retried'),
  sleeping: event('sleeping'),
  publishing: event('publishing'),
  published: event('published'),
  told: event('told'),
  gathered: event('gathered'),
} as const;
