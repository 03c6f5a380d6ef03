import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = join(dirname(fileURLToPath(import.meta.url)), 'RESULTS.md');
const TITLE =
  '# Measured\n\nA part for each script that measures; each leaves the parts of the others alone.\n';

const order = ['embedded', 'disk', 'redis', 'scaling', 'http'];

/** Writes one part of `RESULTS.md`; the other parts stay as they are. */
export function writePart(name, text) {
  const parts = partsOf(readFileSync(file, 'utf8'));
  parts.set(name, `${text.trim()}\n`);
  const shown = order.filter((each) => parts.has(each));
  writeFileSync(file, [TITLE, ...shown.map((each) => `<!-- ${each} -->\n${parts.get(each)}`)].join('\n'));
}

function partsOf(page) {
  const found = page.split(/^<!-- (\w+) -->\n/m);
  const parts = new Map();
  for (let at = 1; at < found.length; at += 2) parts.set(found[at], `${found[at + 1].trim()}\n`);
  return parts;
}
