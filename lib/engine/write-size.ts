import type { Checkpoint } from '../model/checkpoint.js';
import type { InstanceChange, NewEvent, NewExecution, Publishing, Write } from '../ports/store-write.js';

/** About how many bytes a write adds to its group. */
export function writeSize(write: Write): number {
  switch (write.kind) {
    case 'append':
      return 100 + (write.message.body?.length ?? 0);
    case 'acquire':
      return 100 + write.holder.length + write.gate.name.length;
    case 'reserve':
      return 100 + write.bucket.length;
    case 'await':
      return 100 + write.holder.length + write.key.length;
    case 'publish':
      return sizeOfEvents(write);
    case 'schedule':
      return (
        100 +
        (write.state?.length ?? 0) +
        (write.event === null ? 0 : sizeOfEvents({ events: [write.event] }))
      );
    case 'instance':
      return (
        sizeOfChange(write.change) + (write.event === null ? 0 : sizeOfEvents({ events: [write.event] }))
      );
    case 'commit': {
      const { checkpoints } = write.delta;
      let bytes = 100;
      // By index: arrays of several kinds come here, for each of which the compiler makes an iterator.
      for (let at = 0; at < checkpoints.length; at++) {
        const row = checkpoints[at] as Checkpoint;
        bytes += 100 + (row.value?.length ?? 0) + (row.error?.length ?? 0);
      }
      if (write.delta.publish !== null) bytes += sizeOfEvents(write.delta.publish);
      if (write.delta.instance !== undefined) bytes += sizeOfChange(write.delta.instance);
      return bytes + (write.delta.record?.value?.length ?? 0);
    }
  }
}

function sizeOfChange({ state, ahead }: InstanceChange): number {
  return (
    200 +
    (state?.length ?? 0) +
    (ahead === undefined || ahead === null ? 0 : sizeOfEvents({ events: [ahead] }))
  );
}

function sizeOfEvents({ events }: Publishing): number {
  let bytes = 0;
  for (let at = 0; at < events.length; at++) {
    const { executions, mail } = events[at] as NewEvent;
    bytes += 100 + (mail?.payload.length ?? 0);
    for (let i = 0; i < executions.length; i++) {
      const { input, collect } = executions[i] as NewExecution;
      bytes += input.length + (collect?.item.length ?? 0);
    }
  }
  return bytes;
}
