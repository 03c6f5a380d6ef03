import {
  checkpointTables,
  keyHash,
  placesOf,
  tableOf,
} from '../../../../lib/adapters/sqlite/checkpoint-place.js';
import type { Checkpoint } from '../../../../lib/model/checkpoint.js';

const row = (key: string) => ({ turn: 0, epoch: 0, key }) as Checkpoint;

test('the numbers of a key begin at its hash, stay among those of its execution, and end', () => {
  const numbers: number[] = [];
  const all = (): void => {
    for (const number of placesOf(0, row('charge'))) numbers.push(number);
  };
  expect(all).toThrow(/'charge' finds no place: end its turn with continueAsNew\(\)/);
  expect(numbers[0]).toBe(keyHash(0, 0, 'charge'));
  expect(new Set(numbers).size).toBe(10_000);
  expect(Math.max(...numbers)).toBeLessThan(2 ** 20);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
});

test('the table of a key is that of its step, and steps are spread', () => {
  expect(tableOf('handle/charge~abc')).toBe(tableOf('handle/charge~xyz'));
  const tables = Array.from({ length: 100 }, (_, i) => tableOf(`handle/step ${i}`));
  expect(new Set(tables)).toEqual(new Set(checkpointTables));
});
