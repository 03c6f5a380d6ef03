// node --import @swc-node/register/esm-register samples/graph-route/main.ts
import {
  bootstrap,
  defineEvent,
  type EventData,
  memoryStore,
  NoRouteError,
  OnEvent,
  silentLogger,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const TicketCame = defineEvent('ticket.came', z.object({ text: z.string(), customer: z.string() }));
type TicketCame = EventData<typeof TicketCame>;

interface Ticket {
  readonly text: string;
  readonly kind: 'outage' | 'bill' | 'question' | 'other';
}

@Worker('tickets')
class TicketWorker {
  @OnEvent(TicketCame)
  classify({ text }: TicketCame): Ticket {
    const kinds = ['outage', 'bill', 'question'] as const;
    return { text, kind: kinds.find((kind) => text.includes(kind)) ?? 'other' };
  }

  /** Steps after the same one with a `when` are the branches of one route: all whose predicate is true run. */
  @Step({ after: 'classify', when: ({ kind }: Ticket) => kind === 'outage' })
  page({ text }: Ticket): string {
    return `engineer paged: ${text}`;
  }

  @Step({ after: 'classify', when: ({ kind }: Ticket) => kind === 'bill' || kind === 'outage' })
  assign({ kind }: Ticket): string {
    return `assigned to ${kind === 'bill' ? 'accounts' : 'support'}`;
  }

  /** The declared fallback. Without one, a ticket that no branch takes is a `NoRouteError`. */
  @Step({ after: 'classify', when: 'otherwise' })
  answer({ text }: Ticket): string {
    return `answered by the bot: ${text}`;
  }

  /** Branches exclude each other, so what comes after them joins `any`; after a skipped one alone it would be skipped. */
  @Step({ after: ['assign', 'answer'], join: 'any' })
  log(what: string): string {
    return `logged: ${what}`;
  }
}

/** The same without a fallback. */
@Worker('strict-tickets')
class StrictTicketWorker {
  @OnEvent(TicketCame, { when: ({ customer }: TicketCame) => customer === 'strict' })
  classify({ text }: TicketCame): string {
    return text;
  }

  @Step({ after: 'classify', when: (text: string) => text.includes('outage') })
  page(text: string): string {
    return text;
  }
}

await using app = await bootstrap({
  workers: [TicketWorker, StrictTicketWorker],
  store: memoryStore(),
  logger: silentLogger,
});
await app.start();

for (const text of ['outage in Lisbon', 'my bill is wrong', 'how do I log in']) {
  const ticket = (await app.publish(TicketCame, { text, customer: 'ada' })).of(TicketWorker, 'classify');
  await ticket.result();
  console.log(text);
  const steps = await ticket.steps();
  for (const { path, status, value } of steps.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    console.log(`  ${path}: ${status === 'skipped' ? 'skipped' : String(value)}`);
}

const strict = (await app.publish(TicketCame, { text: 'hello', customer: 'strict' })).of(StrictTicketWorker);
const outcome = await strict.outcome();
if (!outcome.success && outcome.error instanceof NoRouteError)
  console.log('hello\n  =>', outcome.error.message);
