import { parseArgs, type ParseArgsConfig } from 'node:util';
import { writeOneOf } from '../model/near-names.js';
import type { GivenStore } from './open-store.js';
import { UsageError } from './usage-error.js';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'help' }
  | ({ readonly kind: 'check'; readonly module: string; readonly json: boolean } & GivenStore)
  | {
      readonly kind: 'graph';
      readonly module: string;
      readonly worker: string | null;
      readonly json: boolean;
    };

/** What `--help` prints. */
export const USAGE = `Usage:
  holdfast check <module> [--store <file or url>] [--prefix <name>] [--json]
      Compares the workers that the module exports with the executions in flight, before they are deployed.
      Exit code: 0 they may be deployed, 1 a rename has to be declared, or a handler, a worker, an undo or
      the place of a step is gone that executions in flight need, 2 the command failed.
  holdfast graph <module> [--worker <id>] [--json]
      Prints the graph of each worker as a Mermaid flowchart, or as JSON.

  <module>          the built file that exports the workers, for example ./dist/workers.js
  --store <file>    the SQLite file that the workers use, or the address of their Redis, redis://host:6379;
                    default HOLDFAST_STORE_URL (which keeps a password off the command line),
                    else .holdfast/holdfast.db
  --prefix <name>   the prefix of their store in Redis; default holdfast
  --worker <id>     only the worker with this id
  --json            machine-readable output
  --help            this text
`;

const COMMANDS = ['check', 'graph'];

const OPTIONS = {
  check: { store: { type: 'string' }, prefix: { type: 'string' }, json: { type: 'boolean' } },
  graph: { worker: { type: 'string' }, json: { type: 'boolean' } },
} as const;

/** Throws `UsageError`. */
export function parseCommand(args: readonly string[]): Command {
  const [name = 'help', ...rest] = args;
  if (name === 'help' || args.includes('--help') || args.includes('-h')) return { kind: 'help' };
  if (name !== 'check' && name !== 'graph')
    throw new UsageError(`'${name}' is no command. ${writeOneOf(name, COMMANDS)}`);
  const { values, positionals } = parse(name, rest);
  const [module, extra] = positionals;
  if (module === undefined)
    throw new UsageError(`no module was given. Write: holdfast ${name} ./dist/workers.js`);
  if (extra !== undefined)
    throw new UsageError(`'${extra}' is one module too many: export all workers from one file`);
  const { json = false, store = null, prefix = null, worker = null } = values;
  return name === 'check'
    ? { kind: name, module, store, prefix, json }
    : { kind: name, module, worker, json };
}

interface Parsed {
  readonly values: {
    readonly json?: boolean;
    readonly store?: string;
    readonly prefix?: string;
    readonly worker?: string;
  };
  readonly positionals: readonly string[];
}

function parse(name: keyof typeof OPTIONS, args: readonly string[]): Parsed {
  try {
    const options: ParseArgsConfig['options'] = OPTIONS[name];
    return parseArgs({ args: [...args], options, allowPositionals: true }) as Parsed;
  } catch (error) {
    const options = Object.keys(OPTIONS[name]).map((option) => `--${option}`);
    const reason = error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : String(error);
    throw new UsageError(`${reason}. holdfast ${name} takes ${options.join(', ')}`, { cause: error });
  }
}
