import { uuidGenerator } from '../../../../lib/adapters/system/uuid-generator.js';

const START = Date.UTC(2100, 0, 1);
/** More than the 12 bits of one millisecond count. */
const MANY = 10_000;
const version7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The clock stands still, and never goes back for the generator, which lives as long as the process. */
beforeEach(() => void jest.useFakeTimers({ now: START }));
afterEach(() => void jest.useRealTimers());

function timeOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

describe('ids', () => {
  it('are UUIDs of version 7, of their millisecond', () => {
    jest.setSystemTime(START + 0x01_00_00_ff);
    const id = uuidGenerator.next();
    expect(id).toMatch(version7);
    expect(timeOf(id)).toBe(START + 0x01_00_00_ff);
  });

  it('increase, each its own, though more are made than a millisecond counts, and though the clock is set back', () => {
    jest.setSystemTime(START + 2 ** 26);
    const ids = Array.from({ length: MANY }, () => uuidGenerator.next());
    jest.setSystemTime(START);
    ids.push(uuidGenerator.next());
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids.every((id) => version7.test(id))).toBe(true);
    expect(timeOf(ids.at(-1) ?? '')).toBeGreaterThanOrEqual(START + 2 ** 26);
  });

  it('have random digits of their own', () => {
    const tails = Array.from({ length: MANY }, () => uuidGenerator.next().slice(19));
    expect(new Set(tails).size).toBe(MANY);
  });

  it('are well-formed where the clock stands at its beginning, as faked ones do', async () => {
    jest.setSystemTime(0);
    await jest.isolateModulesAsync(async () => {
      const { uuidGenerator: fresh } = await import('../../../../lib/adapters/system/uuid-generator.js');
      expect(fresh.next()).toMatch(version7);
      expect(timeOf(fresh.next())).toBe(0);
    });
  });
});
