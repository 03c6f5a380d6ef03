// node --import @swc-node/register/esm-register samples/graph-parallel/main.ts
import { setTimeout as pause } from 'node:timers/promises';
import {
  bootstrap,
  defineEvent,
  type EventData,
  memoryStore,
  NonRetryableError,
  OnEvent,
  silentLogger,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const LeadCame = defineEvent('lead.came', z.object({ email: z.string(), tags: z.array(z.string()) }));
type LeadCame = EventData<typeof LeadCame>;

@Worker('leads')
class LeadWorker {
  @OnEvent(LeadCame)
  receive(lead: LeadCame): LeadCame {
    return lead;
  }

  /** Three steps after the same one run at the same time. Each has the lead for itself: what it changes, nobody else sees. */
  @Step({ after: 'receive' })
  async company(lead: LeadCame): Promise<LeadCame & { company: string }> {
    await pause(20);
    lead.tags.push('company known');
    return { ...lead, company: lead.email.split('@')[1] ?? '' };
  }

  @Step({ after: 'receive' })
  async score(lead: LeadCame): Promise<LeadCame & { score: number }> {
    lead.tags.push('scored');
    return { ...lead, score: lead.email.length };
  }

  @Step({ after: 'receive' })
  async consent({ email }: LeadCame): Promise<boolean> {
    await pause(10);
    if (email.startsWith('noreply')) throw new NonRetryableError('nobody reads this address');
    return true;
  }

  /** The join says how they become one: nothing is merged behind its back, so nothing is lost. */
  @Step({ after: ['company', 'score', 'consent'] })
  merge(byCompany: LeadCame & { company: string }, byScore: LeadCame & { score: number }, consent: boolean) {
    const tags = [...new Set([...byCompany.tags, ...byScore.tags])];
    return { email: byCompany.email, company: byCompany.company, score: byScore.score, consent, tags };
  }

  /** Two ways to tell the sales people: the first that works is enough. */
  @Step({ after: 'merge' })
  async chat({ email }: { email: string }): Promise<string> {
    await pause(5);
    return `chat: ${email}`;
  }

  @Step({ after: 'merge' })
  async mail(): Promise<string> {
    throw new NonRetryableError('the mail server is down');
  }

  @Step({ after: ['chat', 'mail'], join: 'any' })
  told(by: string): string {
    return `told by ${by}`;
  }
}

await using app = await bootstrap({ workers: [LeadWorker], store: memoryStore(), logger: silentLogger });
await app.start();

for (const email of ['ada@example.com', 'noreply@example.com']) {
  const lead = (await app.publish(LeadCame, { email, tags: ['new'] })).of(LeadWorker, 'receive');
  const outcome = await lead.outcome();
  console.log(email, outcome.success ? 'completed' : `failed: ${outcome.error.message}`);
  const steps = await lead.steps();
  for (const { path, status } of steps.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    console.log(`  ${path} ${status}`);
  const merged = steps.find(({ path }) => path === 'receive/merge')?.value;
  if (merged !== undefined) console.log('  =>', JSON.stringify(merged));
}
