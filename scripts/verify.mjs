/** Runs every gate, whatever an earlier one said, and prints what the failing ones print. */
import { spawnSync } from 'node:child_process';

const gates = ['typecheck', 'lint', 'format:check', 'law', 'diagram:check', 'dead', 'api', 'pack:check'];

const failed = gates.filter((gate) => {
  const startedAt = Date.now();
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', gate], { encoding: 'utf8' });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${gate} (${seconds} s)`);
  if (status !== 0) console.log(`${stdout}${stderr}`);
  return status !== 0;
});

if (failed.length > 0) {
  console.error(`verify: ${failed.join(', ')} failed`);
  process.exit(1);
}
