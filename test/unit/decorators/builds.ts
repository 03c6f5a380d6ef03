import { transformSync as swc } from '@swc/core';
import { transformSync as esbuild } from 'esbuild';
import ts from 'typescript';

const compilerOptions = { experimentalDecorators: true, emitDecoratorMetadata: true };

/** What people build workers with. None of them checks types here. */
export const builds: [name: string, emitsTypes: boolean, build: (code: string) => string][] = [
  [
    'tsc',
    true,
    (code) =>
      ts.transpileModule(code, { compilerOptions: { ...compilerOptions, target: ts.ScriptTarget.ES2022 } })
        .outputText,
  ],
  [
    'SWC',
    true,
    (code) =>
      swc(code, {
        isModule: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      }).code,
  ],
  ['esbuild', false, (code) => esbuild(code, { loader: 'ts', tsconfigRaw: { compilerOptions } }).code],
];
