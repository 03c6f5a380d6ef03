import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** One fenced `ts` block of a page. */
export interface Snippet {
  /** The page, as a path from the repository's root. */
  readonly page: string;
  /** The page's line of the block's first line, 1-based. */
  readonly line: number;
  readonly code: string;
  /** What `<!-- with: … -->` above the block names: files of test/surface/snippets that lend it their exports. */
  readonly fixtures: readonly string[];
  /** What `<!-- file: … -->` above the block names: other files of the page import it under that path. */
  readonly file?: string;
}

/** README.md and the pages of docs/. */
export function pages(root: string): string[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.map((name) => `docs/${name}`)];
}

export function snippetsOf(page: string, text: string): Snippet[] {
  const lines = text.split('\n');
  const snippets: Snippet[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (!/^```(ts|typescript)$/.test(lines[at] ?? '')) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1} a block that does not end`);
    const [, kind, named] = /^<!-- (with|file): (.+) -->$/.exec(lines[at - 1] ?? '') ?? [];
    snippets.push({
      page,
      line: at + 2,
      code: lines.slice(at + 1, end).join('\n'),
      fixtures: kind === 'with' ? (named ?? '').split(',').map((name) => name.trim()) : [],
      ...(kind === 'file' && named !== undefined ? { file: named } : null),
    });
    at = end;
  }
  return snippets;
}

/**
 * The module to compile. Its lines have the numbers that they have on the page. A block that imports from holdfast
 * stands for itself; the others get what they name from holdfast and from their fixtures.
 */
export function moduleOf(root: string, { code, fixtures, line }: Snippet): string {
  const used = identifiersOf(code);
  const declared = declaredIn(code);
  const lenders = fixtures.map((name) => [`test/surface/snippets/${name}`, `${name}.js`] as const);
  const imports: (readonly [from: string, names: readonly Exported[]])[] = lenders.map(([path, file]) => [
    `../../test/surface/snippets/${file}`,
    exportsOf(readFileSync(join(root, `${path}.ts`), 'utf8')),
  ]);
  if (!/from 'holdfast/.test(code))
    imports.push(['holdfast', exportsOf(readFileSync(join(root, 'lib/entries/index.ts'), 'utf8'))]);
  const heads: string[] = [];
  for (const [from, names] of imports) {
    const wanted = names.filter(({ name }) => used.has(name) && !declared.has(name));
    for (const { name } of wanted) declared.add(name);
    const list = wanted.map(({ name, isType }) => (isType ? `type ${name}` : name)).join(', ');
    if (wanted.length > 0) heads.push(`import { ${list} } from '${from}';`);
  }
  return `${heads.join(' ')} export {};${'\n'.repeat(line - 1)}${code}\n`;
}

function parse(code: string): ts.SourceFile {
  return ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.ES2022, true);
}

function identifiersOf(code: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(parse(code));
  return names;
}

function declaredIn(code: string): Set<string> {
  const names = new Set<string>();
  const binding = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) binding(element.name);
  };
  for (const statement of parse(code).statements) {
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) binding(name);
    else if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {};
      if (name !== undefined) names.add(name.text);
      if (namedBindings !== undefined && ts.isNamedImports(namedBindings))
        for (const element of namedBindings.elements) names.add(element.name.text);
      else if (namedBindings !== undefined) names.add(namedBindings.name.text);
    } else if (isDeclaration(statement) && statement.name !== undefined) names.add(statement.name.text);
  }
  return names;
}

type Declaration =
  | ts.ClassDeclaration
  | ts.FunctionDeclaration
  | ts.InterfaceDeclaration
  | ts.TypeAliasDeclaration;

function isDeclaration(node: ts.Node): node is Declaration {
  return (
    ts.isClassDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  );
}

interface Exported {
  readonly name: string;
  readonly isType: boolean;
}

function exportsOf(source: string): Exported[] {
  const found: Exported[] = [];
  for (const statement of parse(source).statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined) {
      if (ts.isNamedExports(statement.exportClause))
        for (const { name, isTypeOnly } of statement.exportClause.elements)
          found.push({ name: name.text, isType: isTypeOnly || statement.isTypeOnly });
    } else if (
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    ) {
      const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
      for (const name of declaredIn(statement.getText())) found.push({ name, isType });
    }
  }
  return found;
}
