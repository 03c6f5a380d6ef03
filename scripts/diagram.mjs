/**
 * Draws the folders of lib/ and nest/ with what each imports, as Mermaid, between two markers in docs/architecture.md.
 * An edge that a longer path implies is left out. `--check` writes nothing and fails if the page is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs/architecture.md');
const start = '<!-- folder graph: written by `npm run diagram` -->';
const end = '<!-- end of folder graph -->';

async function modules() {
  const { output } = await cruise(['lib', 'nest'], {
    baseDir: root,
    doNotFollow: 'node_modules',
    tsPreCompilationDeps: true,
  });
  return output.modules;
}

/** `lib/engine/executor.ts` → `engine`; `nest/worker-module.ts` → `nest`. */
function folderOf(path) {
  const match = /^(?:lib\/([^/]+)|(nest))\//.exec(path);
  return match ? (match[1] ?? match[2]) : undefined;
}

function folderGraph(files) {
  /** @type {Map<string, Set<string>>} */
  const graph = new Map();
  for (const { source, dependencies } of files) {
    const from = folderOf(source);
    if (from === undefined) continue;
    if (!graph.has(from)) graph.set(from, new Set());
    for (const { resolved } of dependencies) {
      const to = folderOf(resolved);
      if (to !== undefined && to !== from) graph.get(from).add(to);
    }
  }
  return graph;
}

function reaches(graph, from, to, seen = new Set()) {
  for (const next of graph.get(from) ?? []) {
    if (next === to) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    if (reaches(graph, next, to, seen)) return true;
  }
  return false;
}

/** @param {Map<string, Set<string>>} graph */
function render(graph) {
  const lines = ['flowchart TD'];
  for (const from of [...graph.keys()].sort()) {
    const targets = [...(graph.get(from) ?? [])];
    const direct = targets.filter((to) => !targets.some((via) => via !== to && reaches(graph, via, to)));
    lines.push(...direct.sort().map((to) => `  ${from} --> ${to}`));
  }
  return ['```mermaid', ...lines, '```'].join('\n');
}

const text = readFileSync(page, 'utf8');
const [from, to] = [text.indexOf(start), text.indexOf(end)];
if (from < 0 || to < from) {
  console.error(`docs/architecture.md needs these two lines around the diagram:\n${start}\n${end}`);
  process.exit(1);
}
const next = `${text.slice(0, from + start.length)}\n\n${render(folderGraph(await modules()))}\n\n${text.slice(to)}`;
if (next !== text && process.argv.includes('--check')) {
  console.error('The diagram in docs/architecture.md is out of date: run `npm run diagram`.');
  process.exit(1);
}
if (next !== text) writeFileSync(page, next);
