import { expectTypeOf } from 'expect-type';
import {
  defineEvent,
  Event,
  type ExecutionSummary,
  OnEvent,
  type Publication,
  type SessionHandle,
  type SessionState,
  type SessionStats,
  type StopResult,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';

@Event('ping')
class Ping {
  n!: number;
}

const Pong = defineEvent('pong', z.object({ at: z.string() }));

@Worker()
class Pings {
  @OnEvent(Ping)
  ping({ n }: Ping): number {
    return n;
  }
}

class Usage {
  calls!: number;
}

declare const app: WorkerApp;

const session = app.session('tenant-1');
expectTypeOf(session).toEqualTypeOf<SessionHandle>();
expectTypeOf(session.publish(Ping, { n: 1 })).toEqualTypeOf<Promise<Publication>>();
expectTypeOf((await session.publish(Ping, { n: 1 })).of(Pings, 'ping').result()).toEqualTypeOf<
  Promise<number>
>();
expectTypeOf(session.publish(new Ping())).toEqualTypeOf<Promise<Publication>>();
expectTypeOf(session.execute(Pong, { at: 'now' }, { priority: 3 })).toEqualTypeOf<
  Promise<readonly unknown[]>
>();
expectTypeOf(session.stats()).toEqualTypeOf<Promise<SessionStats>>();
expectTypeOf(session.list({ worker: Pings, status: 'waiting' })).toEqualTypeOf<
  Promise<readonly ExecutionSummary[]>
>();
expectTypeOf(session.stop({ wait: '1s' })).toEqualTypeOf<Promise<StopResult>>();
expectTypeOf(app.sessions.active({ after: 'a', limit: 10 })).toEqualTypeOf<Promise<readonly string[]>>();

// @ts-expect-error the data does not fit
void session.publish(Ping, { n: 'one' });
// @ts-expect-error it is this session's
void session.publish(Ping, { n: 1 }, { session: 'other' });
// @ts-expect-error it is this session's
void session.list({ session: 'other' });
void app.publish(Ping, { n: 1 }, { session: null });

const usage = session.state(Usage);
expectTypeOf(usage).toEqualTypeOf<SessionState<Usage>>();
expectTypeOf(usage.get()).toEqualTypeOf<Promise<Usage | undefined>>();
expectTypeOf(usage.update({ calls: 1 })).toEqualTypeOf<Promise<Usage>>();
void usage.update((current) => {
  expectTypeOf(current).toEqualTypeOf<Usage | undefined>();
  return { calls: (current?.calls ?? 0) + 1 };
});
void usage.update(async () => ({ calls: 1 }));
// @ts-expect-error no such field
void usage.update({ cals: 1 });
// @ts-expect-error not what the class says
void usage.update(() => ({ calls: 'one' }));
expectTypeOf(session.state(z.object({ tags: z.array(z.string()) }), { name: 'tags' }).get()).toEqualTypeOf<
  Promise<{ tags: string[] } | undefined>
>();

expectTypeOf(app.sync(Pings)).toEqualTypeOf<Promise<void>>();

declare const union: WorkerApp<{ type: 'a'; n: number } | { type: 'b' }>;
void union.session('s').publish({ type: 'a', n: 1 });
// @ts-expect-error not a member of the union
void union.session('s').publish({ type: 'c' });
