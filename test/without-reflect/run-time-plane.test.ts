import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const lib = join(__dirname, '../../lib');
const runTimePlane = [
  'model',
  'ports',
  'step',
  'behaviours',
  'engine',
  'dispatch',
  'maintenance',
  'adapters',
];

const files = runTimePlane.flatMap((folder) =>
  readdirSync(join(lib, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path)),
);

test('the run-time plane loads without reflect-metadata', async () => {
  for (const path of files) await import(join(lib, path));
  expect('getMetadata' in Reflect).toBe(false);
});
