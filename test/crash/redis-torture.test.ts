import { startRedisCluster } from '../servers/redis-cluster.js';
import { describeRedisServers } from '../servers/redis-server.js';
import { bundlePrograms } from '../programs/bundle-programs.js';
import { type Ground, quietGround } from './ground.js';
import { RedisGround } from './redis-ground.js';
import { torture } from './torture.js';
import { saveWorld } from './world.js';

const programs = bundlePrograms(['worker', 'publisher']);

/** Whoever says how many kills wants to see the figures; otherwise only a failure shows them. */
const asked = process.env['HOLDFAST_KILLS'];
/** Under each of the two dispatchers. */
const kills = Math.ceil(0.3 * Number(asked ?? 20));
const serverKills = Math.ceil(kills / 6);
const seed = Number(process.env['HOLDFAST_SEED'] ?? 1);

/** Three nodes, of which one has everything of the store. */
async function clusterGround(folder: string): Promise<Ground> {
  const { startupNodes, stop } = await startRedisCluster({ appendonly: 'always' });
  saveWorld(folder, { store: 'cluster', ports: startupNodes.map(({ port }) => port), prefix: 'torture' });
  return quietGround(() => Promise.resolve('ok'), stop);
}

describeRedisServers('on Redis', () => {
  test.each(['local', 'bullmq'] as const)(
    `with the %s dispatcher, ${kills} kills among four workers and a publisher and ${serverKills} of the server, connections cut and replies dropped lose nothing and repeat nothing that was reported`,
    async (dispatcher) => {
      const { recoveriesMs, ...findings } = await torture({
        programs,
        kills,
        serverKills,
        seed,
        modes: ['UNTIL_ERROR', 'UNTIL_ERROR', 'UNTIL_ERROR', 'ISOLATED'],
        ground: (folder) => RedisGround.open(folder, dispatcher),
      });
      const told = JSON.stringify({
        dispatcher,
        seed,
        ...findings,
        slowest: Math.round(recoveriesMs.at(-1) ?? 0),
      });
      if (asked !== undefined) console.log(told);
      try {
        expect(findings.violations).toEqual([]);
        expect(findings.kills).toBeGreaterThanOrEqual(kills);
        expect(findings.troubles).toBeGreaterThanOrEqual(serverKills);
        expect(findings.executions).toBeGreaterThanOrEqual(kills);
        // Something ends all the same; the more deaths a second, the more of it is suspected, and goes one at a time.
        expect(findings.settled).toBeGreaterThanOrEqual(serverKills);
        expect(findings.lateBodies).toBeLessThanOrEqual(1 + findings.stops / 20);
      } catch (error) {
        if (asked === undefined) console.error(told);
        throw error;
      }
    },
    90_000 + kills * 2_000,
  );

  test('on a cluster of three nodes a few kills of processes lose nothing and repeat nothing that was reported', async () => {
    const { violations, kills: killed } = await torture({ programs, kills: 6, seed, ground: clusterGround });
    expect(violations).toEqual([]);
    expect(killed).toBeGreaterThanOrEqual(6);
  }, 120_000);
});
