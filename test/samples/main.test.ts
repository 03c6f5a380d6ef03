import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSample } from './run-sample.js';

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('holdfast-demo-'));

test('npm start tells how six orders outlive a kill -9, and holds what it tells', async () => {
  const before = leftovers();
  const { code, stdout, stderr } = await runSample('main');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('kill -9');
  expect(stdout).toContain('Orders accepted 6, shipped 6, lost 0.');
  expect(stdout).toMatch(/Steps stored before the kill \d+, run again 0\./);
  expect(stdout).toContain('Cards charged 6.');
  expect(stdout.match(/^ {3}order-\d +1× +[12]× +1× +1× +shipped$/gm)).toHaveLength(6);
  expect(stdout).toMatch(/taken over \d\.\d s after the kill/);
  expect(leftovers()).toEqual(before);
}, 30_000);

test('npm start is that sample', () => {
  const { scripts } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['start']).toContain('samples/main/main.ts');
});
