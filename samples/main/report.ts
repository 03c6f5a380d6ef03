import type { ExecutionHandle } from 'holdfast';
import type { Payments } from './payments.js';
import type { Run } from './run-log.js';

export interface Order {
  readonly orderId: string;
  readonly executionId: string;
  readonly value: string;
}

interface Evidence {
  /** Stored before the kill: `order-1 reserve`. */
  readonly before: ReadonlySet<string>;
  /** Epoch ms. */
  readonly killedAt: number;
  readonly runs: readonly Run[];
  readonly charges: ReturnType<Payments['charges']>;
}

const steps = ['reserve', 'charge', 'ship'];

/** What the store holds, as `order-1 reserve`. */
export async function storedSteps(
  handles: ReadonlyMap<string, ExecutionHandle<string>>,
): Promise<ReadonlySet<string>> {
  const stored = new Set<string>();
  for (const [orderId, handle] of handles)
    for (const { path, status } of await handle.steps())
      if (status === 'completed') stored.add(`${orderId} ${path.split('/').at(-1)}`);
  return stored;
}

/** Compares what was promised with what the ledger and the run log say. `orders` are those of the accepted that have ended. */
export function compare(
  accepted: number,
  orders: readonly Order[],
  { before, killedAt, runs, charges }: Evidence,
): { readonly table: string[]; readonly sentences: string[]; readonly broken: string[] } {
  const table = [row('order', [...steps.map((step) => `${step} ran`), 'card charged', 'result'])];
  const broken: string[] = [];
  let shipped = 0;
  let unanswered = 0;
  for (const { orderId, value } of orders) {
    const counts = steps.map(
      (step) => runs.filter((run) => run.orderId === orderId && run.step === step).length,
    );
    const charged = charges.filter((charge) => charge.orderId === orderId).length;
    if (charged !== 1) broken.push(`${orderId} was charged ${charged} times`);
    const isShipped = value === `${orderId} shipped with receipt-${orderId}`;
    if (isShipped) shipped++;
    else broken.push(`${orderId} ended with ${value}`);
    if (counts.includes(0)) broken.push(`${orderId} misses a step`);
    if ((counts[1] ?? 0) > 1) unanswered++;
    table.push(
      row(orderId, [
        ...counts.map((count) => `${count}×`),
        `${charged}×`,
        isShipped ? 'shipped' : 'not shipped',
      ]),
    );
  }
  if (orders.length < accepted) broken.push(`${accepted - orders.length} accepted orders have not ended`);
  const again = runs.filter((run) => run.at > killedAt && before.has(`${run.orderId} ${run.step}`));
  for (const run of again) broken.push(`${run.orderId}: ${run.step} was stored, and ran again`);
  const sentences = [
    `Orders accepted ${accepted}, shipped ${shipped}, lost ${accepted - orders.length}.`,
    `Steps stored before the kill ${before.size}, run again ${again.length}.`,
    `Cards charged ${charges.length}. ${unanswered} step${unanswered === 1 ? '' : 's'} had charged without hearing the answer and asked again`,
    'under the same idempotency key: the provider knew it and took no money.',
  ];
  return { table, sentences, broken };
}

function row(first: string, rest: readonly string[]): string {
  return `   ${first.padEnd(9)}${rest.map((cell) => cell.padStart(14)).join('')}`;
}
