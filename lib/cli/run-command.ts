import { mermaidOf } from '../model/graph-mermaid.js';
import { writeOneOf } from '../model/near-names.js';
import { checkWorkers, mayBeDeployed } from './check-workers.js';
import { loadWorkers } from './load-workers.js';
import { openStore } from './open-store.js';
import { type Command, parseCommand, USAGE } from './parse-command.js';
import { printedCheck } from './print-check.js';
import { UsageError } from './usage-error.js';

/** The process that a command runs in. */
export interface CommandHost {
  readonly env: NodeJS.ProcessEnv;
  /** The working directory. */
  readonly folder: string;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

type ExitCode = 0 | 1 | 2;

/** Carries out one command line; answers the exit code. */
export async function runCommand(args: readonly string[], host: CommandHost): Promise<ExitCode> {
  try {
    return await run(parseCommand(args), host);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    host.complain(`holdfast: ${error.message}\n`);
    return 2;
  }
}

async function run(command: Command, host: CommandHost): Promise<ExitCode> {
  if (command.kind === 'help') {
    host.print(USAGE);
    return 0;
  }
  return command.kind === 'check' ? check(command, host) : graph(command, host);
}

async function check(
  { module, json, ...given }: Extract<Command, { kind: 'check' }>,
  { env, folder, print }: CommandHost,
): Promise<ExitCode> {
  const workers = await loadWorkers(module, folder);
  const store = await openStore(given, env, folder);
  try {
    const report = await checkWorkers(workers, store);
    print(json ? `${JSON.stringify(report, null, 2)}\n` : printedCheck(report));
    return mayBeDeployed(report) ? 0 : 1;
  } finally {
    await store.close();
  }
}

async function graph(
  { module, worker, json }: Extract<Command, { kind: 'graph' }>,
  { folder, print }: CommandHost,
): Promise<ExitCode> {
  const workers = await loadWorkers(module, folder);
  const ids = workers.map(({ id }) => id);
  if (worker !== null && !ids.includes(worker))
    throw new UsageError(`'${worker}' is no worker of '${module}'. ${writeOneOf(worker, ids)}`);
  const graphs = workers.filter(({ id }) => worker === null || id === worker).map((each) => each.graph);
  if (json) print(`${JSON.stringify(graphs, null, 2)}\n`);
  else if (graphs.length === 1) graphs.forEach((each) => print(mermaidOf(each)));
  else graphs.forEach((each) => print(`%% ${each.worker.replace(/\s+/g, ' ')}\n${mermaidOf(each)}\n`));
  return 0;
}
