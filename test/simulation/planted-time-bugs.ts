import { Scheduler } from '../../lib/maintenance/scheduler.js';
import type { Clock } from '../../lib/ports/clock.js';
import type { Mail, Verdict, Write } from '../../lib/ports/store-write.js';
import { DurableWait } from '../../lib/step/durable-wait.js';
import { mappedVerdicts, mappedWrites, type PlantedBug, replaced, storeWith } from './planting.js';

/** The reply to every `await`, as the store would not give it. */
function mappedMail(map: (mail: Mail | null) => Mail | null): (verdict: Verdict, write: Write) => Verdict {
  return (verdict, write) =>
    write.kind === 'await' && 'mail' in verdict ? { ...verdict, mail: map(verdict.mail ?? null) } : verdict;
}

/** Every nth schedule write that starts an execution is changed so. */
function everyThirdTick(
  map: (write: Extract<Write, { kind: 'schedule' }>) => Write,
): (write: Write) => Write {
  let ticks = 0;
  return (write) =>
    write.kind === 'schedule' && write.event !== null && ++ticks % 3 === 0 ? map(write) : write;
}

/** Mistakes in schedules and in waits for events. */
export const timeBugs: readonly PlantedBug[] = [
  {
    name: 'a schedule moves on and starts nothing',
    options: mappedWrites(everyThirdTick((write) => ({ ...write, event: null }))),
  },
  {
    name: 'a schedule starts an execution and does not move on',
    options: storeWith((inner) => ({
      write: async (writes) => {
        const [write] = writes;
        if (write?.kind !== 'schedule' || write.event === null) return inner.write(writes);
        return inner.write([{ kind: 'publish', events: [write.event] }]);
      },
    })),
  },
  {
    name: 'whoever comes to an instant may start it',
    options: storeWith((inner) => ({
      write: async (writes) => {
        const versions = new Map((await inner.schedules()).map(({ id, version }) => [id, version]));
        return inner.write(
          writes.map((write) =>
            write.kind === 'schedule' ? { ...write, expected: versions.get(write.id) ?? null } : write,
          ),
        );
      },
    })),
  },
  {
    name: 'schedules go by a clock that is a second ahead',
    options: {
      prepare: ({ runtime }) => {
        const { parts } = (runtime as unknown as { scheduler: { parts: { clock: Clock } } }).scheduler;
        const { clock } = parts;
        parts.clock = {
          now: () => clock.now() + 1_000,
          monotonic: () => clock.monotonic(),
          setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
          soon: (callback) => clock.soon(callback),
        };
      },
    },
  },
  {
    name: 'the timer of the next instant is not set',
    patch: replaced(Scheduler, 'arm', () => () => {}),
    options: { healthy: true },
  },
  {
    name: 'the end of an execution does not let a schedule go on',
    patch: replaced(Scheduler, 'isOpen', () => async () => true),
  },
  {
    name: 'one who waits is not told',
    options: storeWith((inner) => ({
      write: (writes) => inner.write(writes.map((write) => (write.kind === 'commit' ? deaf(write) : write))),
    })),
  },
  {
    name: 'a wait gets nothing though something is there',
    options: mappedVerdicts(mappedMail(() => null)),
  },
  {
    name: 'a wait gets an event of another',
    options: mappedVerdicts(
      (() => {
        const seen: Mail[] = [];
        return mappedMail((mail) => {
          if (mail !== null) seen.push(mail);
          return mail === null ? null : (seen.at(-2) ?? mail);
        });
      })(),
    ),
  },
  {
    name: 'a wait is registered under a name that nobody knows',
    options: mappedWrites((write) =>
      write.kind === 'await' ? { ...write, holder: `${write.holder}'` } : write,
    ),
  },
  {
    name: 'what a wait got is not recorded',
    patch: replaced(DurableWait, 'finish', () => () => {}),
  },
];

function deaf(write: Extract<Write, { kind: 'commit' }>): Write {
  const { record } = write.delta;
  if (record === null) return write;
  const listening = record.listening.filter((kind) => kind !== 'event');
  return { ...write, delta: { ...write.delta, record: { ...record, listening } } };
}
