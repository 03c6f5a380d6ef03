#!/usr/bin/env node
import { runCommand } from './run-command.js';

// The streams are left to empty themselves: process.exit() would cut off what a pipe has not taken yet.
runCommand(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 2;
  },
);
