import { ParkedError, PoisonedError } from 'holdfast';
import { bundlePrograms } from '../programs/bundle-programs.js';
import type { Line } from './history.js';
import { Journey, Mail, Poison, STAGE_MS, stages, Toil } from './scenario-workers.js';
import { Scene } from './scene.js';

const programs = bundlePrograms(['scenario']);

const bodiesOf = (scene: Scene, execution: string): Extract<Line, { saw: 'body' }>[] =>
  scene.history
    .lines()
    .filter((line) => line.saw === 'body')
    .filter((line) => line.execution === execution);

test('SIGTERM ends a process after its step: the execution goes on elsewhere at once, and no attempt is spent', async () => {
  await using scene = await Scene.open();
  const first = await scene.start(programs.scenario, 'Journeys');
  const [journey] = await scene.app.publish(Journey, { n: 1 });
  const id = journey?.id ?? '';
  await scene.seen((line) => line.saw === 'body' && line.step === 's2');
  const second = await scene.start(programs.scenario, 'Journeys');
  const stage = bodiesOf(scene, id).at(-1)?.step;
  const askedAt = Date.now();
  expect(await first.end()).toBe(0);
  const resumed = await scene.seen((line) => line.saw === 'pass' && line.pid === second.pid);
  expect(resumed.at - askedAt).toBeLessThan(STAGE_MS + 5_000); // the lease is 15 s

  await expect(journey?.result()).resolves.toBe(stages.length);
  const bodies = bodiesOf(scene, id);
  expect(bodies.map(({ step }) => step)).toEqual(stages);
  expect(bodies.map(({ attempt }) => attempt)).toEqual(stages.map(() => 1));
  // The stage it was in, or the next, where that began before the signal was there.
  const last = bodies.filter(({ pid }) => pid === first.pid).length;
  expect([1, 2]).toContain(last - stages.findIndex((each) => each === stage));
  const [record] = await scene.app.executions.list();
  expect(record).toMatchObject({ id, status: 'completed', attempt: 1 });
}, 30_000);

test('a body that ends its process is parked after five claims, and what runs beside it completes', async () => {
  await using scene = await Scene.open();
  const start = () => scene.start(programs.scenario, 'PoisonTaker,Journeys', '400ms', '200ms');
  const first = await start();
  const [poisoned] = await scene.app.publish(Poison, { n: 1 });
  const [journey] = await scene.app.publish(Journey, { n: 1 });
  let deaths = 0;
  for (let program = first; deaths < 10; program = await start()) {
    const parked = poisoned?.result().then(
      () => null,
      (error: unknown) => error,
    );
    const died = await Promise.race([program.over, parked]);
    if (died instanceof Error) break;
    deaths++;
    expect(died).toBe(7);
  }
  expect(deaths).toBe(5);
  expect(bodiesOf(scene, poisoned?.id ?? '')).toHaveLength(5);
  expect(await poisoned?.status()).toBe('parked');
  const error = await poisoned?.result().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ParkedError);
  expect((error as ParkedError).cause).toBeInstanceOf(PoisonedError);
  await expect(journey?.result({ timeout: '20s' })).resolves.toBe(stages.length);
}, 60_000);

test('of five that are taken together it alone is parked, however long the first steps of the others take', async () => {
  await using scene = await Scene.open();
  const start = () => scene.start(programs.scenario, 'PoisonTaker,Toilers', '1s', '200ms');
  expect(await (await start()).end()).toBe(0); // its handlers are known now
  const before = [await scene.app.publish(Toil, { n: 0 }), await scene.app.publish(Toil, { n: 1 })];
  const [poisoned] = await scene.app.publish(Poison, { n: 2 });
  const after = [await scene.app.publish(Toil, { n: 3 }), await scene.app.publish(Toil, { n: 4 })];
  const toils = [...before, ...after].flatMap((published) => [...published]);
  const parked = poisoned?.result().catch((error: unknown) => error);
  const deaths: unknown[] = [];
  while (deaths.length < 8) {
    const program = await start();
    const ended = await Promise.race([program.over, parked]);
    if (ended instanceof Error) break;
    deaths.push(ended);
  }
  expect(deaths).toEqual([7, 7, 7, 7, 7]);
  expect(await poisoned?.status()).toBe('parked');
  const results = toils.map((toil) => toil.result({ timeout: '20s' }));
  expect(await Promise.all(results)).toEqual([0, 1, 3, 4]);
}, 60_000);

test('processes with different workers share a file with one that only publishes', async () => {
  await using scene = await Scene.open();
  const letters = await scene.start(programs.scenario, 'Letters');
  const parcels = await scene.start(programs.scenario, 'Parcels');
  for (let n = 1; n <= 3; n++) {
    const published = await scene.app.publish(Mail, { n });
    expect([...published].map(({ worker }) => worker)).toEqual(['letters', 'parcels']);
    expect(await Promise.all([...published].map((each) => each.result({ timeout: '10s' })))).toEqual([
      `letter ${n} by ${letters.pid}`,
      `parcel ${n} by ${parcels.pid}`,
    ]);
  }
}, 30_000);

test('after all processes were killed, a cold start finishes everything and repeats nothing that was stored', async () => {
  await using scene = await Scene.open();
  const before = [
    await scene.start(programs.scenario, 'Journeys', '1s', '1s'),
    await scene.start(programs.scenario, 'Journeys', '1s', '1s'),
  ];
  const journeys = [];
  for (let n = 1; n <= 8; n++) journeys.push(...(await scene.app.publish(Journey, { n })));
  await scene.seen((line) => line.saw === 'body' && line.step === 's3');
  await Promise.all(before.map((program) => scene.kill(program)));
  const stored = new Set<string>();
  for (const journey of journeys)
    for (const step of await journey.steps()) stored.add(`${journey.id} ${step.path} ${step.startedAt}`);
  expect(stored.size).toBeGreaterThan(0);

  await scene.start(programs.scenario, 'Journeys', '1s', '1s');
  for (const journey of journeys) expect(await journey.result({ timeout: '20s' })).toBe(stages.length);
  for (const journey of journeys) {
    const steps = await journey.steps();
    expect(steps).toHaveLength(stages.length);
    for (const step of steps) stored.delete(`${journey.id} ${step.path} ${step.startedAt}`);
    const after = bodiesOf(scene, journey.id).filter(({ pid }) =>
      before.every((program) => program.pid !== pid),
    );
    const repeated = bodiesOf(scene, journey.id).length - stages.length;
    expect(repeated).toBeLessThanOrEqual(1);
    expect(after.length).toBeGreaterThan(0);
  }
  expect([...stored]).toEqual([]); // what was stored is still what it was
}, 60_000);
