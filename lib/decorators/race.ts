import { NoCurrentExecutionError } from '../model/errors-app.js';
import { NonRetryableError } from '../model/errors-step.js';
import { shared } from '../ports/current-execution.js';

/** What `race` takes: a function for each branch, by name. */
export type Branches = Readonly<Record<string, () => unknown>>;

/** What `race` gives: which branch was first, and its value. */
export type RaceOutcome<Given extends Branches> = {
  readonly [Name in keyof Given & string]: {
    readonly winner: Name;
    readonly value: Awaited<ReturnType<Given[Name]>>;
  };
}[keyof Given & string];

/**
 * Runs branches side by side and gives the first that settles; when that one failed, `race` fails with its error. The winner is
 * stored before the promise settles, and a resume gives it again without running any branch.
 *
 * What the others wait for ends: timers, events, retries, children (which are cancelled). An event that a branch had not
 * received yet is there for a later wait. Step bodies that run are told by their signal, and what they still give is ignored,
 * as after a timeout.
 *
 * Rejects with `NonRetryableError` without branches, and with `NoCurrentExecutionError` outside an execution.
 *
 * @example
 * const first = await race({
 *   answer: () => waitFor(OrderApproved, { key: order.orderId }),
 *   reminder: () => sleep('1 day'),
 * });
 * if (first.winner === 'answer') return first.value.by;
 */
export function race<Given extends Branches>(branches: Given): Promise<RaceOutcome<Given>> {
  const current = shared().storage.getStore();
  if (current === undefined) return Promise.reject(new NoCurrentExecutionError('race()'));
  const entries =
    typeof branches === 'object' && branches !== null && !Array.isArray(branches)
      ? Object.entries(branches)
      : [];
  if (entries.length === 0 || entries.some(([, body]) => typeof body !== 'function'))
    return Promise.reject(
      new NonRetryableError(
        "race() takes an object with a function for each branch, by its name: race({ answer: () => this.ask(), late: () => sleep('1 h') })",
      ),
    );
  return current.race(entries.map(([name, body]) => ({ name, body }))) as Promise<RaceOutcome<Given>>;
}
