import { setImmediate as turn } from 'node:timers/promises';
import { ChangePoll } from '../../../../lib/adapters/sqlite/change-poll.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

function polled() {
  const clock = new ManualClock();
  const file = { version: 1, looks: 0, told: 0 };
  const poll = new ChangePoll(clock, () => {
    file.looks++;
    return file.version;
  });
  poll.add(() => void file.told++);
  return { clock, file, poll };
}

test('alone, it looks with each heartbeat only', async () => {
  const { clock, file, poll } = polled();
  poll.watch(false);
  clock.advance(5_000);
  poll.watch(false);
  clock.advance(5_000);
  await turn();
  expect(file).toEqual({ version: 1, looks: 2, told: 0 });
  expect(clock.nextTimerAt()).toBeNull();
});

test('beside a registered process, a write is told within 100 ms', async () => {
  const { clock, file, poll } = polled();
  poll.watch(true);
  clock.advance(1_000);
  await turn();
  expect(file.told).toBe(0);
  file.version++;
  clock.advance(100);
  await turn();
  expect(file.told).toBe(1);
});

test('a write of a process that is not registered is told by the next heartbeat, those of the next minute within 100 ms', async () => {
  const { clock, file, poll } = polled();
  poll.watch(false);
  file.version++;
  clock.advance(4_000);
  await turn();
  expect(file.told).toBe(0);
  poll.watch(false);
  await turn();
  expect(file.told).toBe(1);
  for (let second = 0; second < 90; second++) {
    file.version++;
    clock.advance(1_000);
    if (second % 5 === 0) poll.watch(false);
    await turn();
  }
  expect(file.told).toBe(91);
  clock.advance(61_000);
  expect(clock.nextTimerAt()).toBeNull();
});

test('nothing is left behind when it stops', () => {
  const { clock, poll } = polled();
  poll.watch(true);
  poll.stop();
  expect(clock.nextTimerAt()).toBeNull();
});
