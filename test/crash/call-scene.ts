import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { History, type Line } from './history.js';
import { Program } from './program.js';

const PROCESSES = 3;
const LIMIT_MS = 90_000;

export interface CallPlan {
  /** The program of `call.process.ts`. */
  readonly program: string;
  /** Where the processes meet (see `sharedAt`); `folder` is removed afterwards. */
  readonly location: (folder: string) => string;
  readonly calls: number;
  /** So many times, evenly over the calls, a process is killed and started again, */
  readonly kills: number;
  /** or ended and started again. */
  readonly stops: number;
}

export interface CallReport {
  /** By call: what each wait was answered with. */
  readonly answers: ReadonlyMap<number, readonly unknown[]>;
  /** Answers that another process made than the one that waited. */
  readonly across: number;
  /** From the last time that a process began to wait to its answer, ms. */
  readonly longestMs: number;
  /** Errors of waits that ended otherwise. */
  readonly refused: readonly string[];
  /** Exit codes of processes that were asked to end. */
  readonly codes: readonly (number | null)[];
}

type Answered = Extract<Line, { saw: 'answered' }>;

/** Processes that call each other through one store while they are killed, until all calls are answered. */
export async function callAcross(plan: CallPlan): Promise<CallReport> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-calls-'));
  const history = new History(folder);
  const start = async (part: number): Promise<Program> => {
    const args = [plan.location(folder), String(part), String(PROCESSES), String(plan.calls)];
    const program = new Program(plan.program, folder, args);
    await program.ready();
    return program;
  };
  const programs = await Promise.all(Array.from({ length: PROCESSES }, (_, part) => start(part)));
  const codes: (number | null)[] = [];
  const end = async (program: Program): Promise<void> => void codes.push(await program.end(20_000));
  try {
    const disturbances = plan.kills + plan.stops;
    for (let i = 0; i < disturbances; i++) {
      await answered(history, Math.floor(((i + 1) * plan.calls) / (disturbances + 1)));
      const part = i % PROCESSES;
      const program = programs[part] as Program;
      if (i % Math.ceil(disturbances / plan.stops) === 1) await end(program);
      else {
        program.signal('SIGKILL');
        await program.over;
      }
      programs[part] = await start(part);
    }
    await answered(history, plan.calls);
    await Promise.all(programs.map(end));
    return reportOf(history.lines(), codes);
  } finally {
    for (const program of programs) program.signal('SIGKILL');
    await Promise.all(programs.map(({ over }) => over));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resolves when so many calls were answered. */
async function answered(history: History, calls: number): Promise<void> {
  for (const until = Date.now() + LIMIT_MS; ; await pause(50)) {
    const found = new Set(history.lines().map((line) => (line.saw === 'answered' ? line.call : null)));
    found.delete(null);
    if (found.size >= calls) return;
    if (Date.now() > until)
      throw new Error(`${found.size} of ${calls} calls were answered within ${LIMIT_MS} ms`);
  }
}

function reportOf(lines: readonly Line[], codes: readonly (number | null)[]): CallReport {
  const answers = new Map<number, unknown[]>();
  const asked = new Map<number, number>();
  let longestMs = 0;
  for (const line of lines)
    if (line.saw === 'asked') asked.set(line.call, line.at);
    else if (line.saw === 'answered') {
      answers.set(line.call, [...(answers.get(line.call) ?? []), line.value]);
      longestMs = Math.max(longestMs, line.at - (asked.get(line.call) ?? 0));
    }
  return {
    answers,
    across: lines.filter((line): line is Answered => line.saw === 'answered' && line.by !== line.pid).length,
    longestMs,
    refused: lines.flatMap((line) => (line.saw === 'refused' ? [line.error] : [])),
    codes,
  };
}
