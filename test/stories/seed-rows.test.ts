import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

function rows(letter: string, ...ranges: readonly (number | readonly [number, number])[]): string[] {
  return ranges.flatMap((range) => {
    const [first, last] = typeof range === 'number' ? [range, range] : range;
    return Array.from({ length: last - first + 1 }, (_, at) => `${letter}${first + at}`);
  });
}

const required = [
  ...rows('I', [1, 27], [29, 42]),
  ...rows('B', [1, 19], [21, 30]),
  ...rows('A', [5, 14], [16, 26], [28, 37]),
  ...rows('D', [1, 34], 36),
];
const cases = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18, 20, 21, 22, 23, 24, 25, 26, 27].map(
  (number) => `case ${number}`,
);

/** Titles carry what they show in front: `case 8 · I12 · B29 · …`. */
function shownBy(text: string): Set<string> {
  const titles = text.matchAll(/['"`]((?:(?:case \d+|(?:[IBADw]|A-w)\d+) · )+)/g);
  return new Set(Array.from(titles, ([, names = '']) => names.split(' · ')).flat());
}

const shown = new Set(
  readdirSync(__dirname)
    .filter((name) => name.endsWith('.test.ts') && name !== 'seed-rows.test.ts')
    .flatMap((name) => [...shownBy(readFileSync(join(__dirname, name), 'utf8'))]),
);

/** `| I4, I5 filters | … |`: names at the beginning of a row. */
const told = new Set(
  Array.from(
    readFileSync(join(root, 'docs/coming-from.md'), 'utf8').matchAll(/^\| ((?:[IBAD]\d+(?:, )?)+)/gm),
    ([, names = '']) => names.split(', '),
  ).flat(),
);

test.each(required)('%s is shown by a test or told in docs/coming-from.md', (row) => {
  expect([row, shown.has(row) || told.has(row)]).toEqual([row, true]);
});

test.each(cases)('%s is shown by a test', (name) => {
  expect(shown).toContain(name);
});

test('what has no test is only what is not offered, comes later, is shown by types, or is told to be something else', () => {
  const untested = required.filter((row) => !shown.has(row));
  expect(untested).toEqual(['I35', 'A36', 'A37', 'D34']);
});
