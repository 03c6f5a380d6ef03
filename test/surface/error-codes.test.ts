import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../..');

/** The members of the union `ErrorCode`, as the source writes them. */
function errorCodes(): string[] {
  const path = join(root, 'lib/model/errors.ts');
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022);
  const alias = file.statements
    .filter(ts.isTypeAliasDeclaration)
    .find(({ name }) => name.text === 'ErrorCode');
  if (alias === undefined || !ts.isUnionTypeNode(alias.type))
    throw new Error('lib/model/errors.ts has no union ErrorCode');
  return alias.type.types.flatMap((type) =>
    ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? [type.literal.text] : [],
  );
}

/** The codes that have a heading of their own in docs/errors.md, with or without backticks. */
function sections(): string[] {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  return [...page.matchAll(/^#{2,4}\s.*?\b([A-Z][A-Z_]+)\b`?.*$/gm)].map((match) => match[1] ?? '');
}

test('every error code has a section in docs/errors.md', () => {
  const documented = new Set(sections());
  expect(errorCodes()).toContain('DEFINITION_INVALID');
  expect(errorCodes().filter((code) => !documented.has(code))).toEqual([]);
});

test('docs/errors.md has no section for a code that does not exist', () => {
  const codes = new Set(errorCodes());
  expect(sections().filter((code) => !codes.has(code))).toEqual([]);
});
