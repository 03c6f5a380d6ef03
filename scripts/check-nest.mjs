/**
 * Packs the package and builds, in empty folders, what users of Nest have: a CommonJS application on Nest 11 with tests in
 * ts-jest, and an ES module application on Nest 12 with tests in Vitest and Jest. Compiles, runs and tests both.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = ['app.ts', 'main.ts', 'app.spec.ts'];
const expected = 'receipt of o-1, attempt 1\ndrained\n';

const compilerOptions = {
  target: 'ES2022',
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: ['node', 'jest'],
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  outDir: 'out',
};

const common = ['rxjs@7', 'reflect-metadata@0.2', 'typescript@5.9', '@types/node@20', '@types/jest@30'];
const nest = (major) => ['common', 'core', 'testing'].map((name) => `@nestjs/${name}@${major}`);

/** `.js` in an import stands for the `.ts` beside it. */
const moduleNameMapper = { '^(\\.{1,2}/.*)\\.js$': '$1' };

const applications = [
  {
    name: 'Nest 11, CommonJS',
    folder: 'nest-11',
    type: 'commonjs',
    packages: [...nest(11), ...common, 'jest@30', 'ts-jest@29'],
    config: {
      'jest.config.json': {
        testEnvironment: 'node',
        testMatch: ['**/*.spec.ts'],
        transform: { '\\.ts$': ['ts-jest', {}] },
        moduleNameMapper,
      },
    },
    tests: [['ts-jest', ['node_modules/jest/bin/jest.js']]],
  },
  {
    name: 'Nest 12, ES modules',
    folder: 'nest-12',
    type: 'module',
    packages: [
      ...nest(12),
      ...common,
      'jest@30',
      '@swc/jest@0.2',
      '@swc/core@1',
      'vitest@3',
      'unplugin-swc@1',
    ],
    config: {
      'jest.config.json': {
        testEnvironment: 'node',
        testMatch: ['**/*.spec.ts'],
        extensionsToTreatAsEsm: ['.ts'],
        transform: { '\\.ts$': ['@swc/jest', { module: { type: 'es6' } }] },
        moduleNameMapper,
      },
      // As docs/testing.md has it: Jest in CommonJS mode compiles Nest's ES modules.
      'jest.commonjs.json': {
        testEnvironment: 'node',
        testMatch: ['**/*.spec.ts'],
        moduleNameMapper,
        transformIgnorePatterns: ['/node_modules/(?!@nestjs/)'],
        transform: {
          '^.+\\.[tj]s$': [
            '@swc/jest',
            {
              jsc: {
                target: 'es2022',
                keepClassNames: true,
                parser: { syntax: 'typescript', decorators: true },
                transform: { legacyDecorator: true, decoratorMetadata: true },
              },
              module: { type: 'commonjs' },
            },
          ],
        },
      },
      '.swcrc': {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      },
      'vitest.config.mjs': [
        "import swc from 'unplugin-swc';",
        "import { defineConfig } from 'vitest/config';",
        'export default defineConfig({',
        "  test: { globals: true, include: ['app.spec.ts'] },",
        "  plugins: [swc.vite({ module: { type: 'es6' } })],",
        '});',
      ].join('\n'),
    },
    tests: [
      ['Vitest', ['node_modules/vitest/vitest.mjs', 'run']],
      ['Jest', ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '-c', 'jest.config.json']],
      ['Jest in CommonJS mode', ['node_modules/jest/bin/jest.js', '-c', 'jest.commonjs.json']],
    ],
  },
];

const execute = promisify(execFile);

async function run(command, args, cwd) {
  try {
    return (await execute(command, args, { cwd, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    throw new Error(`${[command, ...args].join(' ')}\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
  }
}

async function pack(folder) {
  const answer = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root);
  return join(folder, JSON.parse(answer)[0].filename);
}

/** It ends itself by SIGTERM, once it has drained. */
async function runMain(name, cwd) {
  const end = await execute(process.execPath, ['out/main.js'], { cwd, timeout: 60_000 }).catch(
    (error) => error,
  );
  if (end.stdout !== expected || end.signal !== 'SIGTERM')
    throw new Error(`${name} printed ${end.stdout}${end.stderr} and ended by ${end.signal ?? end.code ?? 0}`);
}

async function check({ name, type, packages, config, tests }, folder, tarball) {
  mkdirSync(folder);
  const told = (what) => console.log(`${name}: ${what}: ok (${seconds()} s)`);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  for (const file of files) copyFileSync(join(root, 'scripts/consumer-nest', file), join(folder, file));
  for (const [file, content] of Object.entries(config))
    writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
  const quiet = ['--prefer-offline', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...quiet, tarball, ...packages], folder);
  const { version } = JSON.parse(
    readFileSync(join(folder, 'node_modules/@nestjs/core/package.json'), 'utf8'),
  );
  told(`installed with Nest ${version}`);
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], folder);
  told('compiles');
  await runMain(name, folder);
  told('runs, drains at SIGTERM and ends');
  for (const [runner, args] of tests) {
    await run(process.execPath, args, folder);
    told(`tests in ${runner}`);
  }
}

const startedAt = Date.now();
const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(0);
const folder = mkdtempSync(join(tmpdir(), 'holdfast-nest-'));
try {
  await build('dist');
  const tarball = await pack(folder);
  await Promise.all(
    applications.map((application) => check(application, join(folder, application.folder), tarball)),
  );
  console.log(`nest:check took ${seconds()} s`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
