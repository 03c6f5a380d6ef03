import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '../..');
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** Files that break no rule, for the planted ones to import. */
const ground = {
  'lib/entries/index.ts': "export { plan } from '../app/plan.js';",
  'lib/entries/testing.ts': "export { clock } from '../testing/clock.js';",
  'lib/testing/clock.ts': "export { type Pass } from '../engine/pass.js'; export const clock = 1;",
  'lib/app/plan.ts':
    "import 'tsyringe'; import '../adapters/memory/table.js'; import '../compiler/scan.js'; export const plan = 1;",
  'lib/compiler/scan.ts': "export { record } from '../metadata/record.js';",
  'lib/metadata/record.ts': "export { shared as record } from '../ports/current-execution.js';",
  'lib/engine/pass.ts':
    "export type { Step } from '../step/attempt.js'; export interface Pass { readonly id: string }",
  'lib/step/attempt.ts':
    "export type { Store } from '../ports/store.js'; export interface Step { readonly id: string }",
  'lib/ports/store.ts': "export { id } from '../model/id.js'; export interface Store { readonly id: string }",
  'lib/ports/current-execution.ts': "import 'node:async_hooks'; export const shared = 1;",
  'lib/adapters/memory/table.ts':
    "export type { Store } from '../../ports/store.js'; export const table = 1;",
  'lib/model/id.ts': 'export const id = 1;',
  'lib/cli/main.ts': "export { record as main } from '../compiler/scan.js';",
  'nest/index.ts': "export { plan } from '../lib/entries/index.js';",
  'samples/order/main.ts': "export { plan } from 'holdfast';",
};

const planted: readonly (readonly [rule: string, path: string, source: string])[] = [
  [
    'step-looks-down',
    'lib/step/import-type.ts',
    "import type { Pass } from '../engine/pass.js'; export type A = Pass;",
  ],
  [
    'step-looks-down',
    'lib/step/inline-type.ts',
    "import { type Pass } from '../engine/pass.js'; export type A = Pass;",
  ],
  ['step-looks-down', 'lib/step/export-type.ts', "export type { Pass } from '../engine/pass.js';"],
  ['step-looks-down', 'lib/step/type-query.ts', "export type A = import('../engine/pass.js').Pass;"],
  ['step-looks-down', 'lib/step/lazy.ts', "export const a = () => import('../engine/pass.js');"],
  ['engine-looks-down', 'lib/engine/boot.ts', "export type { record } from '../metadata/record.js';"],
  ['engine-looks-down', 'lib/engine/driver.ts', "export { table } from '../adapters/memory/table.js';"],
  ['ports-looks-down', 'lib/ports/up.ts', "export type { Step } from '../step/attempt.js';"],
  ['app-runtime-looks-down', 'lib/app/runtime/up.ts', "export { plan } from '../plan.js';"],
  ['compiler-keeps-to-itself', 'lib/compiler/up.ts', "export type { Pass } from '../engine/pass.js';"],
  ['decorators-keeps-to-itself', 'lib/decorators/port.ts', "export type { Store } from '../ports/store.js';"],
  ['adapters-keeps-to-itself', 'lib/adapters/fs/up.ts', "export type { Pass } from '../../engine/pass.js';"],
  ['adapters-stand-apart', 'lib/adapters/fs/beside.ts', "export { table } from '../memory/table.js';"],
  ['model-imports-nothing', 'lib/model/file.ts', "export { readFileSync } from 'node:fs';"],
  ['entries-are-the-outside', 'lib/testing/up.ts', "export { plan } from '../entries/index.js';"],
  ['testing-is-an-entry-of-its-own', 'lib/entries/redis.ts', "export { clock } from '../testing/clock.js';"],
  ['cli-stands-alone', 'lib/entries/command.ts', "export { main } from '../cli/main.js';"],
  ['cli-makes-no-app', 'lib/cli/run.ts', "export { plan } from '../app/plan.js';"],
  ['nest-uses-the-entries', 'nest/inside.ts', "export { plan } from '../lib/app/plan.js';"],
  [
    'users-see-the-public-surface',
    'samples/order/inside.ts',
    "export { plan } from '../../lib/app/plan.js';",
  ],
  ['home-of-tsyringe', 'lib/engine/container.ts', "import 'tsyringe';"],
  [
    'home-of-class-validator',
    'lib/app/validate.ts',
    "import type { ValidatorOptions } from 'class-validator'; export type A = ValidatorOptions;",
  ],
  ['home-of-libsql', 'lib/adapters/memory/driver.ts', "export const a = () => import('libsql');"],
  ['home-of-sqlite', 'lib/engine/sqlite.ts', "export const a = process.getBuiltinModule('node:sqlite');"],
  ['home-of-async_hooks', 'lib/engine/storage.ts', "import 'node:async_hooks';"],
  ['home-of-nestjs', 'lib/app/module.ts', "import '@nestjs/common';"],
  ['package-ships-its-imports', 'lib/app/zod.ts', "import 'zod';"],
  ['imports-resolve', 'lib/app/nowhere.ts', "import './nothing.js';"],
];

const cycles = {
  'lib/model/chicken.ts':
    "import type { Egg } from './egg.js'; export interface Chicken { readonly egg: Egg }",
  'lib/model/egg.ts':
    "import type { Chicken } from './chicken.js'; export interface Egg { readonly chicken: Chicken }",
  'lib/engine/east/road.ts': "export type { Gate } from '../west/gate.js';",
  'lib/engine/east/tower.ts': 'export interface Tower { readonly height: number }',
  'lib/engine/west/gate.ts': 'export interface Gate { readonly width: number }',
  'lib/engine/west/wall.ts': "export type { Tower } from '../east/tower.js';",
};

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-law-'));
  for (const name of ['package.json', 'tsconfig.json', '.dependency-cruiser.cjs']) {
    copyFileSync(join(root, name), join(folder, name));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function plant(files: Readonly<Record<string, string>>): void {
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), source);
  }
}

async function violations(): Promise<string[]> {
  const args = [cruiser, 'lib', 'nest', 'samples', '--output-type', 'json'];
  const answer = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 }).catch(
    (failure: { readonly stdout: string }) => failure,
  );
  const { summary } = JSON.parse(answer.stdout) as { readonly summary: { readonly violations: Violation[] } };
  return [...new Set(summary.violations.map(({ rule, from }) => `${rule.name} ${from}`))].sort();
}

test('imports that look down, type-only ones included, are lawful', async () => {
  plant(ground);
  expect(await violations()).toEqual([]);
});

test('each planted import breaks its own rule, type-only ones included', async () => {
  plant(ground);
  plant(Object.fromEntries(planted.map(([, path, source]) => [path, source])));
  const found = (await violations()).filter((violation) => !violation.startsWith('no-cycle'));
  expect(found).toEqual(planted.map(([rule, path]) => `${rule} ${path}`).sort());
});

test('cycles are found between files and between folders, type-only ones included', async () => {
  plant(ground);
  plant(cycles);
  expect(await violations()).toEqual([
    'no-cycle-between-files lib/model/chicken.ts',
    'no-cycle-between-folders lib/engine/east',
    'no-cycle-between-folders lib/engine/west',
  ]);
});
