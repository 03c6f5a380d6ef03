import { Event, execution, fixed, OnEvent, Retry, sleep, Step, StepError, Worker } from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { IsString } from 'class-validator';

@Event('odd.thrown')
class OddThrown {
  @IsString() what!: string;
}

const ran: string[] = [];
const logged: string[] = [];

@Worker()
class OddWorker {
  @OnEvent(OddThrown)
  async handle({ what }: OddThrown) {
    execution().log.info('begins');
    await this.throws(what);
  }

  @Step()
  @Retry({ maxAttempts: 2, backoff: fixed('1s') })
  async throws(what: string): Promise<void> {
    ran.push(what);
    throw what === 'undefined' ? undefined : what;
  }
}

@Event('list.given')
class ListGiven {
  @IsString() id!: string;
}

@Worker()
class LooseWorker {
  @OnEvent(ListGiven)
  async handle({ id }: ListGiven) {
    await sleep('1s');
    // oxlint-disable-next-line typescript/unbound-method -- the mistake that is to be told
    return Promise.all([id].map(this.fetch));
  }

  @Step()
  async fetch(id: string) {
    return id;
  }
}

beforeEach(() => {
  ran.length = 0;
  logged.length = 0;
});

const logger = {
  debug: () => {},
  info: (message: string) => void logged.push(message),
  warn: () => {},
  error: () => {},
};

test.each(['oops', 'undefined'])(
  'a step that throws %s spends its own attempts only, and names itself',
  async (what) => {
    await using app = await TestApp.create({ workers: [OddWorker], logger });
    const failed: unknown[] = [];
    app.on('execution.failed', (event) => failed.push(event.step));
    const published = await app.publish(OddThrown, { what });
    await app.advance('1 minute');
    await expect(published.of(OddWorker, 'handle').status()).resolves.toBe('failed');
    expect(ran).toEqual([what, what]);
    expect(failed).toEqual(['handle/throws']);
    const thrown = what === 'undefined' ? undefined : what;
    const outcome = await published.of(OddWorker, 'handle').outcome();
    expect(outcome).toMatchObject({
      error: { name: 'StepError', message: what, failedStep: 'handle/throws', completedSteps: [] },
    });
    expect(outcome.success || outcome.error).toBeInstanceOf(StepError);
    expect(outcome.success || outcome.error.cause).toBe(thrown);
    await expect(published.of(OddWorker, 'handle').result()).rejects.toBe(thrown);
  },
);

test('a handler that is replayed only to try a step again logs nothing twice', async () => {
  await using app = await TestApp.create({ workers: [OddWorker], logger });
  await app.publish(OddThrown, { what: 'oops' });
  await app.advance('1 minute');
  expect(logged.filter((message) => message === 'begins')).toHaveLength(1);
});

test('a step called without its worker fails once, and says how to call it', async () => {
  await using app = await TestApp.create({ workers: [LooseWorker] });
  const published = await app.publish(ListGiven, { id: 'a' });
  await app.advance('1 minute');
  const outcome = await published.of(LooseWorker, 'handle').outcome();
  expect(outcome).toMatchObject({ success: false, metadata: { attempt: 1 } });
  expect(String('error' in outcome ? outcome.error : '')).toMatch(
    /step 'fetch' was called without its worker: write/,
  );
});

@Event('any.wanted')
class AnyWanted {
  @IsString() mirror!: string;
}

@Worker()
class AnyWorker {
  @OnEvent(AnyWanted)
  async handle({ mirror }: AnyWanted) {
    ran.push('handle');
    const other = mirror === 'none' ? [] : [Promise.reject(new Error(`${mirror} is down`))];
    return Promise.any([this.bad(1), this.bad(2), ...other]);
  }

  @Step()
  @Retry({ maxAttempts: 1 })
  async bad(n: number): Promise<string> {
    throw new Error(`${n} is down`);
  }
}

test.each([
  ['steps alone', 'none', 1],
  ['steps and a promise of the handler', 'other', 3],
])('a handler that lets through the failures of Promise.any over %s', async (_, mirror, attempts) => {
  await using app = await TestApp.create({ workers: [AnyWorker] });
  const published = await app.publish(AnyWanted, { mirror });
  await app.advance('10 minutes');
  expect(await published.of(AnyWorker, 'handle').outcome()).toMatchObject({
    success: false,
    metadata: { attempt: attempts },
  });
});

@Event('thing.thrown')
class ThingThrown {
  @IsString() from!: string;
}

@Worker()
class ThingWorker {
  @OnEvent(ThingThrown)
  @Retry({ maxAttempts: 1 })
  async handle({ from }: ThingThrown) {
    await this.look();
    if (from === 'step') await this.throws();
    throw Object.freeze({ message: 'no', status: 503 });
  }

  @Step()
  async look(): Promise<void> {}

  @Step()
  @Retry({ maxAttempts: 1 })
  async throws(): Promise<void> {
    throw { message: 'no', status: 503 };
  }
}

test.each([
  ['step', 'handle/throws'],
  ['handler', null],
])('an object that a %s throws is the cause of the error that an outcome tells', async (from, failedStep) => {
  await using app = await TestApp.create({ workers: [ThingWorker] });
  const handle = (await app.publish(ThingThrown, { from })).of(ThingWorker);
  await app.advance('1 minute');
  expect(await handle.outcome()).toMatchObject({
    error: {
      name: 'StepError',
      message: 'no',
      cause: { message: 'no', status: 503 },
      failedStep,
      completedSteps: ['handle/look'],
    },
  });
  await expect(handle.result()).rejects.toEqual({ message: 'no', status: 503 });
});
