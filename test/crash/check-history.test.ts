import { checkHistory, type Ended, type Evidence } from './check-history.js';
import type { Line } from './history.js';
import { bundlePrograms } from '../programs/bundle-programs.js';
import { torture } from './torture.js';

const programs = bundlePrograms(['worker', 'publisher']);

const at = 1_000;

function ended(method: string, n: number, value: string): Ended {
  const definition = { id: `torture.${method}`, fingerprint: 'f' };
  return {
    id: `${method}-${n}` as Ended['id'],
    definition,
    status: 'completed',
    value: JSON.stringify(value),
    input: `{"n":${n}}`,
  };
}

const body = (step: string, pid: number, attempt = 1): Line => ({
  saw: 'body',
  execution: 'loop-1',
  step,
  key: `loop-1/${step}`,
  attempt,
  pid,
  at,
  checkedAt: at,
});
const reported = (step: string, pid: number): Line => ({
  saw: 'reported',
  execution: 'loop-1',
  step,
  pid,
  at,
});
const pass = (pid: number): Line => ({ saw: 'pass', execution: 'loop-1', pid, at });
const renewed = (pid: number, when: number): Line => ({ saw: 'renewed', sentAt: when, pid, at: when });
const settled = (value: string | null, error: string | null): Line => ({
  saw: 'settled',
  execution: 'loop-1',
  value,
  error,
  pid: 9,
  at,
});
const killed = (pid: number): Line => ({ saw: 'killed', pid, at });
const accepted: Line = {
  saw: 'accepted',
  eventId: 'event-1',
  event: 'loop',
  executions: ['loop-1'],
  pid: 9,
  at,
};

/** A loop whose first step was cut short by a kill, and went on elsewhere. */
const sound: Evidence = {
  lines: [
    accepted,
    pass(1),
    body('l0', 1),
    killed(1),
    pass(2),
    body('l0', 2),
    reported('l0', 2),
    body('l1', 2),
    reported('l1', 2),
  ],
  effects: ['l0', 'l0', 'l1'].map((step) => ({ key: `loop-1/${step}`, attempt: 1 })),
  executions: [ended('loop', 1, '1.l0.l1.l2.l3.l4')],
  integrity: 'ok',
};

test('a sound history passes, and its unavoidable repetition is counted', () => {
  expect(checkHistory(sound)).toMatchObject({
    violations: [],
    kills: 1,
    repeatedBodies: 1,
    repeatedEffects: 1,
  });
});

test.each([
  ['late with its renewal', [renewed(2, at - 600), renewed(2, at + 200)]],
  ['killed before the renewal that was due', [renewed(2, at - 600)]],
])('a body begins again without a violation when its process was %s', (_, renewals) => {
  const { violations } = checkHistory({
    ...sound,
    lines: [...sound.lines, body('l2', 2), pass(3), body('l2', 3), ...renewals],
    effects: [...sound.effects, { key: 'loop-1/l2', attempt: 1 }],
  });
  expect(violations).toEqual([]);
});

test('a body that was held up between the look at its lease and its first line is late, whatever went on meanwhile', () => {
  const stopped: Line = { saw: 'stopped', pid: 2, at: at + 1 };
  const late = { ...body('l2', 2), at: at + 1_000 } as Line;
  const taken = [pass(3), body('l2', 3), reported('l2', 3)];
  const history = (lines: readonly Line[]): Evidence => ({
    ...sound,
    lines: [...sound.lines, ...lines],
    effects: [...sound.effects, { key: 'loop-1/l2', attempt: 1 }],
  });
  for (const begun of [taken, taken.slice(0, 2)])
    expect(checkHistory(history([stopped, ...begun, late]))).toMatchObject({ violations: [], lateBodies: 1 });
  expect(checkHistory(history([...taken, late])).violations).toContain(
    'loop-1 l2 had been reported, and process 2 began it again',
  );
});

const doctored: readonly (readonly [string, Partial<Evidence>, string])[] = [
  ['an accepted execution is gone', { executions: [] }, 'is lost'],
  [
    'an accepted event has no execution',
    { lines: [...sound.lines, { ...accepted, eventId: 'event-2', executions: [] }] },
    'event-2 started no execution',
  ],
  [
    'an event published again started another execution',
    { lines: [...sound.lines, { ...accepted, executions: ['loop-1', 'loop-1'] }] },
    'accepted twice',
  ],
  ['a value is wrong', { executions: [ended('loop', 1, '1.l0')] }, 'ended with 1.l0 instead of'],
  [
    'one has not ended',
    { executions: [{ ...sound.executions[0], status: 'waiting' } as Ended] },
    'is waiting',
  ],
  [
    'one event has two executions of one handler',
    { executions: [...sound.executions, { ...sound.executions[0], id: 'other' } as Ended] },
    '2 executions of loop 1',
  ],
  [
    'an execution published nothing',
    { executions: [...sound.executions, ended('publishing', 2, '2.before.after')] },
    'publishing 2 has no published 2',
  ],
  [
    'an execution came from nowhere',
    { executions: [...sound.executions, ended('published', 3, '3.child')] },
    'published 3 has no parent',
  ],
  [
    'a reported step began again',
    { lines: [...sound.lines, killed(2), pass(3), body('l0', 3)] },
    'l0 had been reported, and process 3 began it again',
  ],
  [
    'a body began twice in one claim',
    { lines: [...sound.lines, body('l2', 2), body('l2', 2)] },
    'twice in one claim',
  ],
  [
    'a body began again while its process was well',
    {
      lines: [
        ...sound.lines,
        body('l2', 2),
        pass(3),
        body('l2', 3),
        renewed(2, at - 100),
        renewed(2, at + 200),
      ],
    },
    'although nothing had happened to process 2',
  ],
  [
    'an idempotency key changed',
    { lines: [...sound.lines, body('l2', 2), killed(2), pass(3), { ...body('l2', 3), key: 'x' } as Line] },
    'changed its idempotency key',
  ],
  [
    'two steps share an idempotency key',
    { lines: [...sound.lines, { ...body('l2', 2), key: 'loop-1/l1' } as Line] },
    'share an idempotency key',
  ],
  ['a reported step had no effect', { effects: sound.effects.slice(0, 2) }, 'l1 was reported without effect'],
  [
    'somebody was told another value',
    { lines: [...sound.lines, settled('1.l0', null)] },
    'a wait for loop-1 was told "1.l0" instead of',
  ],
  [
    'a wait never ended',
    { lines: [...sound.lines, settled(null, 'nothing')] },
    'a wait for loop-1 ended with nothing',
  ],
  ['the file is damaged', { integrity: 'row 7 missing from index' }, "the store's own check says row 7"],
];

test.each(doctored)('the checker finds that %s', (_, change, found) => {
  expect(checkHistory({ ...sound, ...change }).violations).toContainEqual(expect.stringContaining(found));
});

test('time without a live worker does not count as recovery', () => {
  const lines: Line[] = [
    { saw: 'up', pid: 1, at: 0 },
    { ...pass(1), at: 100 } as Line,
    { saw: 'killed', pid: 1, at: 200 },
    renewed(2, 690),
    { saw: 'up', pid: 2, at: 700 },
    { saw: 'stopped', pid: 2, at: 800 },
    { saw: 'continued', pid: 2, at: 2_000 },
    renewed(2, 2_150),
    { ...pass(2), at: 2_300 } as Line,
  ];
  expect(checkHistory({ ...sound, lines }).recoveriesMs).toEqual([250]);
});

test('a store that forgets every 20th checkpoint is found out on real processes', async () => {
  // Enough to do on a busy machine, too, before the killing is over.
  const { violations } = await torture({ programs, kills: 8, seed: 1, fault: 'forgetful' });
  expect(violations).toContainEqual(expect.stringMatching(/began (it )?again/));
}, 60_000);
