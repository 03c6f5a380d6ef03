import { Every, type LifecycleEvent, type Tick, Worker } from '../../lib/entries/index.js';
import { TestApp } from '../../lib/entries/testing.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

describe('a method with @Every', () => {
  it('runs once for each instant of its interval', async () => {
    const seen: number[] = [];
    @Worker('polls')
    class Polls {
      @Every('5 minutes')
      poll({ scheduledAt }: Tick) {
        seen.push(scheduledAt);
      }
    }
    await using app = await TestApp.create({ workers: [Polls] });
    await app.advance('4 minutes');
    expect(seen).toEqual([]);
    await app.advance('11 minutes');
    expect(seen).toEqual([5, 10, 15].map((at) => START + at * MINUTE));
    await app.advance('1 day');
    expect(seen).toHaveLength(3 + 288);
    expect(app.fired()).toHaveLength(3 + 288);
  });
});
