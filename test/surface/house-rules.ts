import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';

/** What the linter cannot say: each line is `path:line what`. */
export function breaches(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.ES2022, true);
  const found = breachesOfName(path);
  const report = (node: ts.Node, what: string): void => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    found.push(`${path}:${line + 1} ${what}`);
  };
  const visit = (node: ts.Node): void => {
    if (!hasNoPorts(path)) {
      if (readsClock(node)) report(node, 'the date comes from the Clock port');
      if (importsRandomId(node)) report(node, 'ids come from the IdGenerator port');
    }
    if (ts.isExportDeclaration(node) && node.exportClause?.kind !== ts.SyntaxKind.NamedExports) {
      report(node, 'exports are named one by one');
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** As the linter's settings have it: a step called outside an app has no port to ask. */
function hasNoPorts(path: string): boolean {
  return path.startsWith('lib/adapters/system/') || path === 'lib/decorators/detached-execution.ts';
}

function readsClock(node: ts.Node): boolean {
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return false;
  if (!ts.isIdentifier(node.expression) || node.expression.text !== 'Date') return false;
  return ts.isCallExpression(node) || (node.arguments ?? []).length === 0;
}

function importsRandomId(node: ts.Node): boolean {
  return ts.isImportSpecifier(node) && (node.propertyName ?? node.name).text === 'randomUUID';
}

function breachesOfName(path: string): string[] {
  const name = basename(path, '.ts');
  const isEntry = path.startsWith('lib/entries/') || /^nest\/(testing\/)?index\.ts$/.test(path);
  if (/^(utils?|helpers?|common|types|misc)$/.test(name) || (name === 'index' && !isEntry)) {
    return [`${path}:1 a file is named after what it exports`];
  }
  return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ? [] : [`${path}:1 a file name is kebab-case`];
}

/** The TypeScript sources of the package, as paths from `root`. */
export function sources(root: string): string[] {
  return ['lib', 'nest'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(folder, path)),
  );
}

export function breachesOfTree(root: string): string[] {
  return sources(root).flatMap((path) => breaches(path, readFileSync(join(root, path), 'utf8')));
}
