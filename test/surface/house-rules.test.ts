import { join } from 'node:path';
import { breaches, breachesOfTree, sources } from './house-rules.js';

const root = join(__dirname, '../..');

test.each([
  ['lib/engine/pass.ts', 'const at = new Date();'],
  ['lib/engine/pass.ts', 'const at = new Date;'],
  ['nest/worker-module.ts', 'const at = Date();'],
  ['lib/engine/pass.ts', "import { randomUUID } from 'node:crypto';"],
  ['lib/engine/pass.ts', "import { randomUUID as id } from 'node:crypto';"],
  ['lib/engine/pass.ts', "export * from './lease.js';"],
  ['lib/engine/pass.ts', "export * as lease from './lease.js';"],
  ['lib/engine/utils.ts', ''],
  ['lib/engine/types.ts', ''],
  ['lib/engine/index.ts', ''],
  ['lib/engine/decideRetry.ts', ''],
])('%s with `%s` breaks a house rule', (path, source) => {
  expect(breaches(path, source)).toHaveLength(1);
});

test.each([
  ['lib/engine/pass.ts', 'const at = new Date(clock.now());'],
  ['lib/adapters/system/system-clock.ts', 'const at = new Date();'],
  [
    'lib/engine/pass.ts',
    "export { lease } from './lease.js'; export type { Fence } from './lease.js'; export {};",
  ],
  [
    'lib/engine/digest.ts',
    "import * as crypto from 'node:crypto'; import { createHash } from 'node:crypto';",
  ],
  ['lib/entries/index.ts', "export { lease } from '../engine/lease.js';"],
  ['nest/index.ts', ''],
  ['lib/engine/pass.ts', '// new Date()\nconst text = "new Date()";'],
])('%s with `%s` is within the house rules', (path, source) => {
  expect(breaches(path, source)).toEqual([]);
});

test('no source of the package breaks a house rule', () => {
  expect(sources(root)).not.toEqual([]);
  expect(breachesOfTree(root)).toEqual([]);
});
