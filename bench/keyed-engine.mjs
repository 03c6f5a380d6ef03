/** Messages to actors, events that are collected and alarms on Holdfast, through its public API alone. */
import { decorate, holdfast } from './engine.mjs';

const { Actor, bootstrap, Debounce, defineEvent, OnAlarm, OnEvent, silentLogger, Worker } = holdfast;

function schemaOf(holds) {
  const validate = (value) => (holds(value) ? { value } : { issues: [{ message: 'is none' }] });
  return { '~standard': { version: 1, vendor: 'bench', validate } };
}

const isCounted = (value) => typeof value?.id === 'string' && typeof value.by === 'number';
const Counted = defineEvent('counted', schemaOf(isCounted));

/** Adds each message to its state: no step, no alarm. */
function counterClass() {
  class Counter {
    count({ by }, ctx) {
      ctx.setState({ total: (ctx.state?.total ?? 0) + by });
    }
  }
  decorate(Counter, 'count', OnEvent(Counted));
  Actor({ id: 'counter', key: 'id', state: schemaOf((value) => typeof value?.total === 'number') })(Counter);
  return Counter;
}

async function started(workers, store, concurrency) {
  const app = await bootstrap({ workers, store, concurrency, logger: silentLogger });
  await app.start();
  return app;
}

/** A message that was handled, and what that changed stored; to so many actors in turn. */
export async function messagesOn(store, concurrency, actors) {
  const Counter = counterClass();
  const app = await started([Counter], store, concurrency);
  const counters = app.actor(Counter);
  return {
    durability: store.durability,
    one: (i) => counters.send({ event: { id: `actor-${i % actors}`, by: i } }),
    close: () => app.close(),
  };
}

/** An event that was collected; a hundred of a key are one batch. */
export async function addsOn(store, concurrency, keys) {
  class Sums {
    sum(events) {
      return events.length;
    }
  }
  decorate(Sums, 'sum', Debounce(Counted, { key: 'id', flushAfter: '1 minute', maxEvents: 100 }));
  Worker('sums')(Sums);
  const app = await started([Sums], store, concurrency);
  const sums = app.debounce(Sums);
  return {
    durability: store.durability,
    one: (i) => sums.add({ event: { id: `key-${i % keys}`, by: i } }),
    close: () => app.close(),
  };
}

/** Actors that each schedule one alarm: `fired(lateMs)` is told of each that came. */
export async function alarmsOn(store, concurrency, fired) {
  class Bell {
    set({ by }, ctx) {
      ctx.setState({ at: by });
      ctx.schedule(by);
    }
    ring(ctx) {
      fired(Date.now() - ctx.state.at);
      ctx.setState({ at: 0 });
    }
  }
  decorate(Bell, 'set', OnEvent(Counted));
  decorate(Bell, 'ring', OnAlarm());
  Actor({ id: 'bell', key: 'id', state: schemaOf((value) => typeof value?.at === 'number') })(Bell);
  const app = await started([Bell], store, concurrency);
  return {
    /** So many alarms at that instant, epoch ms. */
    async set(from, count, at) {
      for (let first = from; first < from + count; first += 1_000) {
        const size = Math.min(1_000, from + count - first);
        const entries = Array.from({ length: size }, (_, i) => [
          Counted,
          { id: `bell-${first + i}`, by: at },
        ]);
        const publications = await app.publishMany(entries);
        await Promise.all(publications.flatMap((each) => [...each].map((execution) => execution.result())));
      }
    },
    close: () => app.close(),
  };
}
