import { join } from 'node:path';
import { bundlePrograms } from '../programs/bundle-programs.js';
import { callAcross } from './call-scene.js';

const programs = bundlePrograms(['call']);
const CALLS = 1_000;

test('A16 · A-w2 · case 11: of 1,000 calls across 3 processes that are killed and stopped, each gets its result', async () => {
  const report = await callAcross({
    program: programs.call,
    location: (folder) => `sqlite:${join(folder, 'calls.db')}`,
    calls: CALLS,
    kills: 6,
    stops: 2,
  });
  const calls = Array.from({ length: CALLS }, (_, n) => n);
  expect(calls.filter((n) => report.answers.get(n) === undefined)).toEqual([]);
  expect(calls.filter((n) => report.answers.get(n)?.some((value) => value !== 2 * n))).toEqual([]);
  // One of them runs nothing.
  expect(report.across).toBeGreaterThanOrEqual(Math.floor(CALLS / 3));
  // Waiters of a process that ends are told so; nothing else refuses one.
  expect(report.refused.filter((error) => !error.startsWith('AppClosedError'))).toEqual([]);
  expect(report.codes).toEqual(report.codes.map(() => 0));
  expect(report.codes).toHaveLength(5);
  // A lease of 1 s, a sweep of 1 s, and a machine that does other things, too.
  expect(report.longestMs).toBeLessThan(15_000);
}, 120_000);
