import { expectTypeOf } from 'expect-type';
import {
  Every,
  type ExecutionContext,
  type RecurringContext,
  type RecurringHandle,
  type Tick,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';

interface Account {
  readonly name: string;
}

class Token {
  value = '';
  isOld(): boolean {
    return false;
  }
}

const Count = z.object({ total: z.number() });

@Worker('tokens')
class Tokens {
  @Every('5 minutes', { keyed: true, state: Token })
  refresh(account: Account, ctx: RecurringContext<Token>) {
    expectTypeOf(ctx.state).toEqualTypeOf<Token | null>();
    ctx.setState({ value: account.name });
    // @ts-expect-error a field of another type
    ctx.setState({ value: 5 });
    ctx.updateState((before) => ({ value: `${before?.value}!` }));
    expectTypeOf(ctx.runCount).toEqualTypeOf<number>();
    expectTypeOf(ctx.scheduledAt).toEqualTypeOf<number>();
  }

  @Every({ cron: '0 9 * * *', keyed: true, state: Count, overlap: 'buffer' })
  async count(input: { readonly by: number } | undefined, ctx: RecurringContext<{ total: number }>) {
    ctx.updateState((state) => ({ total: (state?.total ?? 0) + (input?.by ?? 1) }));
  }

  @Every({ every: '1h', keyed: true })
  plain() {}

  @Every('1h', { keyed: true })
  usual(_input: string, context: ExecutionContext) {
    return context.id;
  }

  // @ts-expect-error its state is another
  @Every('1h', { keyed: true, state: Count })
  wrong(_input: Account, _ctx: RecurringContext<Token>) {}

  // @ts-expect-error the context is its second parameter
  @Every('1h', { keyed: true, state: Count })
  contextFirst(_ctx: RecurringContext<{ total: number }>) {}

  @Every('1h')
  tick({ scheduledAt }: Tick) {
    return scheduledAt;
  }

  helper(_a: number, _b: string) {}
}

export async function operate(app: WorkerApp): Promise<void> {
  const refresh = app.recurring(Tokens, 'refresh');
  expectTypeOf(refresh).toEqualTypeOf<RecurringHandle<Account, Token>>();
  await refresh.start({ id: 'a', input: { name: 'a' } });
  // @ts-expect-error it has an input
  await refresh.start({ id: 'a' });
  // @ts-expect-error of another type
  await refresh.start({ id: 'a', input: { name: 5 } });
  const { state } = await refresh.getState('a');
  expectTypeOf(state).toEqualTypeOf<Token | null>();

  const count = app.recurring(Tokens, 'count');
  await count.start({ id: 'a' });
  await count.start({ id: 'a', input: { by: 2 } });
  const { status } = await count.status('a');
  expectTypeOf(status).toEqualTypeOf<'running' | 'stopped' | 'not_found'>();

  await app.recurring(Tokens, 'plain').start({ id: 'a' });
  const { execution } = await app.recurring(Tokens, 'usual').trigger('a');
  expectTypeOf(await execution?.result()).toBeUnknown();
  // @ts-expect-error no such method
  app.recurring(Tokens, 'nope');
  // @ts-expect-error its second parameter is no context
  app.recurring(Tokens, 'helper');
}

@Worker('one')
class One {
  @Every('1h', { keyed: true, state: Count })
  run(_account: Account, _ctx: RecurringContext<{ total: number }>) {}

  step(_n: number) {}
}

expectTypeOf((app: WorkerApp) => app.recurring(One)).returns.toEqualTypeOf<
  RecurringHandle<Account, { total: number }>
>();
