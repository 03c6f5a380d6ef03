// node --import @swc-node/register/esm-register samples/webhook-batcher/main.ts
import {
  bootstrap,
  Debounce,
  type DebounceContext,
  defineEvent,
  memoryStore,
  Retry,
  silentLogger,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const ContactChanged = defineEvent(
  'contact.changed',
  z.object({ account: z.string(), contact: z.string(), name: z.string() }),
);
interface ContactChanged {
  readonly account: string;
  readonly contact: string;
  readonly name: string;
}

/** The other side: slow, and down at first. */
class Crm {
  private calls = 0;

  async upload(account: string, names: readonly string[]): Promise<void> {
    if (++this.calls === 1) throw new Error('the CRM is down');
    console.log(`upload: ${account} ${names.join(' ')}`);
  }
}

@Worker('crm')
class CrmSync {
  constructor(private readonly crm: Crm) {}

  /** However many webhooks come, one upload for each account: half a second after the first, or with the fifth. */
  @Debounce(ContactChanged, { key: 'account', flushAfter: '500ms', maxEvents: 5 })
  @Retry({ maxAttempts: 3, backoff: () => '50ms' })
  async sync(changes: ContactChanged[], { flushReason, attempt, eventCount }: DebounceContext) {
    await this.upload(
      changes[0]?.account ?? '',
      changes.map(({ name }) => name),
    );
    return `${eventCount} by ${flushReason}, attempt ${attempt}`;
  }

  @Step()
  @Retry({ maxAttempts: 2, backoff: () => '50ms' })
  async upload(account: string, names: string[]): Promise<void> {
    await this.crm.upload(account, names);
  }

  /** The newest name of each contact, whatever came before it. */
  @Debounce(ContactChanged, { key: 'account', flushAfter: '500ms', reduce: 'newest' })
  async directory(names: Record<string, string>) {
    console.log(`directory: ${JSON.stringify(names)}`);
  }

  newest(names: Record<string, string> | undefined, { contact, name }: ContactChanged) {
    return { ...names, [contact]: name };
  }
}

const app = await bootstrap({
  workers: [CrmSync],
  providers: [Crm],
  store: memoryStore(),
  logger: silentLogger,
});
app.on('debounce.flushed', ({ handler, eventCount, reason }) => {
  if (handler === 'sync') console.log(`flushed: ${eventCount} by ${reason}`);
});
await app.start();

const change = (account: string, name: string, contact = name): ContactChanged => ({
  account,
  contact,
  name,
});

// A burst for one account: the fifth event begins the batch.
const burst = await app.publishMany(
  ['Ada', 'Bob', 'Cy', 'Dee', 'Eve'].map((name) => [ContactChanged, change('acme', name)] as const),
);
console.log('acme:', await burst[0]?.of(CrmSync, 'sync').result());

// A webhook that the sender repeats is in its batch once.
const contacts = app.debounce(CrmSync, 'sync');
const first = await contacts.add({ event: change('zeta', 'Zoe'), eventId: 'hook-1' });
const again = await contacts.add({ event: change('zeta', 'Zoe'), eventId: 'hook-1' });
console.log('added:', first.created, again.duplicate, again.eventCount);
await contacts.flush('zeta');
console.log('zeta:', await app.execution(first.executionId).result());

// What nobody wants any more is discarded before it is sent.
await contacts.add({ event: change('gone', 'Gus') });
console.log('cleared:', (await contacts.clear('gone')).discardedEvents);

const [renamed] = await app.publishMany([
  [ContactChanged, change('nova', 'Nina', 'n-1')],
  [ContactChanged, change('nova', 'Nora', 'n-1')],
]);
await renamed?.of(CrmSync, 'directory').result();
await app.close();
