import { ActorTurn } from '../../lib/behaviours/actor-turn.js';
import { InstanceState } from '../../lib/behaviours/instance-state.js';
import type { NewEvent, NewExecution, Write } from '../../lib/ports/store-write.js';
import { mappedWrites, type PlantedBug, replaced, storeWith } from './planting.js';

function mappedExecutions(event: NewEvent, map: (execution: NewExecution) => NewExecution): NewEvent {
  return { ...event, executions: event.executions.map(map) };
}

function withoutEnd(execution: NewExecution): NewExecution {
  const { gate } = execution;
  return gate?.untilEnd === true ? { ...execution, gate: { ...gate, untilEnd: false } } : execution;
}

function withAhead(map: (ahead: NewEvent) => NewEvent): (write: Write) => Write {
  return (write) => {
    if (write.kind !== 'commit' || write.delta.instance?.ahead == null) return write;
    const { instance } = write.delta;
    const ahead = map(instance.ahead as NewEvent);
    return { ...write, delta: { ...write.delta, instance: { ...instance, ahead } } };
  };
}

/** Mistakes in turns of instances, and in what is collected. */
export const turnBugs: readonly PlantedBug[] = [
  {
    name: 'a turn that waits gives its place to the next',
    options: mappedWrites((write) =>
      write.kind === 'publish'
        ? { ...write, events: write.events.map((event) => mappedExecutions(event, withoutEnd)) }
        : write,
    ),
  },
  {
    name: 'the store takes any change of an instance',
    from: 3500,
    options: storeWith((inner) => ({
      write: async (writes) => {
        const changed = await Promise.all(
          writes.map(async (write) => {
            if (write.kind !== 'commit' || write.delta.instance === undefined) return write;
            const { instance } = write.delta;
            const found = await inner.instance(instance.id);
            const expected = found?.version ?? null;
            return { ...write, delta: { ...write.delta, instance: { ...instance, expected } } };
          }),
        );
        return inner.write(changed);
      },
    })),
  },
  {
    name: 'the end of a turn forgets its instance',
    options: mappedWrites((write) => {
      if (write.kind !== 'commit' || write.delta.instance === undefined) return write;
      const { instance: _instance, ...delta } = write.delta;
      return { ...write, delta };
    }),
  },
  {
    name: 'alarms ring a second early',
    options: mappedWrites(
      withAhead((ahead) =>
        mappedExecutions(ahead, (execution) => ({ ...execution, dueAt: (execution.dueAt ?? 0) - 1_000 })),
      ),
    ),
  },
  {
    name: 'what a failed message changed is kept for the next attempt',
    patch: replaced(InstanceState, 'reset', () => () => {}),
  },
  {
    name: 'a message that is parked has changed its actor',
    patch: replaced(
      ActorTurn,
      'changeFor',
      (original) =>
        function (this: ActorTurn) {
          return original.call(this, 'completed' as never);
        },
    ),
  },
  {
    name: 'what came last to a batch is not handed to its method',
    options: storeWith((inner) => ({
      inbox: async (id, afterSeq, limit) => {
        const messages = await inner.inbox(id, afterSeq, limit);
        const last = messages.findLast(({ kind }) => kind === 'item');
        return messages.length > 1 ? messages.filter((message) => message !== last) : messages;
      },
    })),
  },
  {
    name: 'an event joins no batch but its own',
    options: mappedWrites((write) =>
      write.kind === 'publish'
        ? {
            ...write,
            events: write.events.map((event) =>
              mappedExecutions(event, (execution) =>
                execution.collect === undefined
                  ? execution
                  : { ...execution, collect: { ...execution.collect, name: execution.id } },
              ),
            ),
          }
        : write,
    ),
  },
];
