/** The same work on BullMQ alone, in the ways that its documentation shows; jobs are removed when they are complete, as is kindest to it. */
import { bullmqSubject } from './bullmq-subject.mjs';
import { stepResult } from './workload.mjs';

const processors = {
  /** One unit of work: no steps, nothing is kept but that it is done. */
  plain: () => async (job) => stepResult(job.data.event.orderId, 0),
  /** One job; what each of three steps gave is kept in the job's data. */
  steps: () => async (job) => {
    const { data } = job;
    let result;
    for (let step = 0; step < 3; step++) {
      result = await (async () => stepResult(data.event.orderId, step))();
      data[`s${step}`] = result;
      await job.updateData(data);
    }
    return result;
  },
  /** Three jobs, each added by the one before. */
  chain: (queue) => async (job) => {
    const { event, step, before } = job.data;
    const result = stepResult(event.orderId, step);
    if (step < 2)
      await queue.add('next', { event, step: step + 1, before: { ...before, [`s${step}`]: result } });
    return result;
  },
};

export function bullmqPeer(aof, mode, c) {
  return bullmqSubject(aof, c, (queue) => ({
    process: processors[mode](queue),
    jobsOf: (events) => events.map((event) => ({ id: event.id, data: { event, step: 0 } })),
    completed: ({ data }) => (mode === 'chain' && data.step < 2 ? undefined : data.event.id),
    close() {},
  }));
}
