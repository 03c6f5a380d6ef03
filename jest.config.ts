/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

/** ESM-only packages that Jest (running in CommonJS mode) has to compile before it can load them. */
const esmOnly = [
  '@nestjs',
  'file-type',
  'load-esm',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
];

const releaseStorage = '<rootDir>/test/release-storage.ts';

const shared = {
  testEnvironment: 'node',
  setupFiles: [releaseStorage],
  moduleNameMapper: {
    '^holdfast$': '<rootDir>/lib/entries/index.ts',
    '^holdfast/testing$': '<rootDir>/lib/entries/testing.ts',
    '^holdfast/redis$': '<rootDir>/lib/entries/redis.ts',
    '^holdfast/bullmq$': '<rootDir>/lib/entries/bullmq.ts',
    '^holdfast/nest$': '<rootDir>/nest/index.ts',
    '^holdfast/nest/testing$': '<rootDir>/nest/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.[cm]?[jt]sx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true, tsx: false },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
} satisfies Config;

const withoutReflect = '<rootDir>/test/without-reflect';

const config: Config = {
  // One process for each core: in one alone, Node 20 takes twice the time for all files.
  maxWorkers: '100%',
  // Ends what hangs: no test measures time.
  testTimeout: 20_000,
  projects: [
    {
      ...shared,
      displayName: 'holdfast',
      roots: ['<rootDir>/test', '<rootDir>/samples', '<rootDir>/lib', '<rootDir>/nest'],
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', withoutReflect],
      setupFiles: [...shared.setupFiles, 'reflect-metadata'],
    },
    {
      ...shared,
      displayName: 'without reflect-metadata',
      roots: [withoutReflect, '<rootDir>/lib'],
      testMatch: ['<rootDir>/test/without-reflect/**/*.test.ts'],
    },
  ],
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts', 'nest/**/*.ts'],
};

export default config;
