// node --import @swc-node/register/esm-register samples/token-refresher/main.ts
import {
  bootstrap,
  Every,
  fixed,
  memoryStore,
  type RecurringContext,
  Retry,
  silentLogger,
  Step,
  Worker,
} from 'holdfast';

interface Account {
  readonly name: string;
  /** Tokens that it is given before it is closed. */
  readonly tokens: number;
}

class Token {
  value!: string;
  refreshes!: number;
}

/** Stands for the server of the accounts: every third call fails. */
class Accounts {
  private calls = 0;

  async newToken({ name }: Account): Promise<string> {
    if (++this.calls % 3 === 0) throw new Error('the server is busy');
    return `${name}-${this.calls}`;
  }
}

@Worker('tokens')
class Tokens {
  constructor(private readonly accounts: Accounts) {}

  /** A job for each account that was started: at once, and each 300 ms from then on. */
  @Every('300ms', { keyed: true, state: Token })
  @Retry({ maxAttempts: 1 })
  async refresh(account: Account, ctx: RecurringContext<Token>): Promise<void> {
    if (ctx.runCount > account.tokens) await ctx.terminate({ reason: 'the account is closed' });
    const value = await this.fetch(account);
    // Stored with the end of the tick, and not at all when it fails.
    ctx.updateState((before) => ({ value, refreshes: (before?.refreshes ?? 0) + 1 }));
  }

  @Step()
  @Retry({ maxAttempts: 2, backoff: fixed('20ms') })
  fetch(account: Account): Promise<string> {
    return this.accounts.newToken(account);
  }
}

const app = await bootstrap({
  workers: [Tokens],
  providers: [Accounts],
  store: memoryStore(),
  logger: silentLogger,
});
await app.start();

const refresh = app.recurring(Tokens, 'refresh');
const ada = { id: 'ada', input: { name: 'ada', tokens: 3 } };
console.log('started:', (await refresh.start(ada)).created);
console.log('again:', (await refresh.start(ada)).created);

// Beside the schedule, which goes on as before.
const { execution } = await refresh.trigger('ada');
await execution?.result();
const { state, scheduledAt } = await refresh.getState('ada');
console.log('a token:', state?.value.startsWith('ada-'), 'and the next in time:', scheduledAt !== null);

let status = await refresh.status('ada');
while (status.status === 'running') {
  await new Promise((resolve) => setTimeout(resolve, 50));
  status = await refresh.status('ada');
}
console.log(`${status.status} after ${status.runCount} ticks: ${status.stopReason}`);
console.log('kept:', (await refresh.getState('ada')).state?.refreshes);

console.log('ended:', (await refresh.terminate('ada')).terminated, (await refresh.status('ada')).status);
await app.close();
