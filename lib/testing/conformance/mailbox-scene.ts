import { strict as assert } from 'node:assert';
import type { Lease } from '../../model/lease.js';
import type { AwaitWrite, Mail, NewEvent, NewMail } from '../../ports/store-write.js';
import { dayMs, type StoreDriver } from './store-driver.js';

/** An event that may be waited for, without executions; its payload tells which one it is. */
export function approved(
  d: StoreDriver,
  payload: string,
  over: Partial<Omit<NewEvent, 'mail'>> & { readonly mail?: Partial<NewMail> } = {},
): NewEvent {
  const mail = { key: 'k', payload, schemaHash: null, until: d.now + 7 * dayMs, ...over.mail };
  return d.event([], { name: 'approved', ...over, mail });
}

export async function approve(d: StoreDriver, ...payloads: string[]): Promise<void> {
  for (const payload of payloads) d.is(await d.publishEvents(approved(d, payload)), 'ok');
}

export function waitOf(lease: Lease, holder: string, over: Partial<AwaitWrite> = {}): AwaitWrite {
  return {
    kind: 'await',
    lease,
    holder,
    event: 'approved',
    key: 'k',
    except: null,
    until: null,
    isOver: false,
    ...over,
  };
}

/** The payload that the wait got; null: nothing yet. */
export async function ask(
  d: StoreDriver,
  lease: Lease,
  holder: string,
  over: Partial<AwaitWrite> = {},
): Promise<string | null> {
  const verdict = await d.write(waitOf(lease, holder, over));
  d.is(verdict, 'ok');
  const mail: Mail | null | undefined = verdict.verdict === 'ok' ? verdict.mail : undefined;
  assert.ok(mail !== undefined, 'a wait is answered with what it got, or null');
  return mail === null ? null : mail.payload;
}

/** Holders that were told by `event` messages. */
export async function told(d: StoreDriver, { executionId: id }: Lease): Promise<readonly (string | null)[]> {
  return (await d.store.inbox(id, 0, 100)).filter(({ kind }) => kind === 'event').map(({ body }) => body);
}
