import { setTimeout as pause } from 'node:timers/promises';
import {
  execution,
  fixed,
  NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  Step,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import { Witness } from './witness.js';
import { events, type Numbered } from './workload.js';

@Worker({ id: 'torture', inject: [Witness, WORKER_APP] })
export class TortureWorker {
  constructor(
    private readonly witness: Witness,
    private readonly app: WorkerApp,
  ) {}

  @OnEvent(events.sequential)
  async sequential({ n }: Numbered): Promise<string> {
    const a = await this.told('a', this.add('a', `${n}`));
    const b = await this.told('b', this.add('b', a));
    return await this.told('c', this.add('c', b));
  }

  @OnEvent(events.nested)
  async nested({ n }: Numbered): Promise<string> {
    const value = await this.told('outer', this.outer('outer', `${n}`));
    return await this.told('tail', this.add('tail', value));
  }

  @OnEvent(events.parallel)
  async parallel({ n }: Numbered): Promise<string> {
    const names = ['p0', 'p1', 'p2', 'p3'];
    const values = await Promise.all(names.map((name) => this.told(name, this.add(name, `${n}`))));
    return await this.told('tail', this.add('tail', values.join('|')));
  }

  /** The second step begins by a timer of this process: nothing is stored right before it. */
  @OnEvent(events.staggered)
  async staggered({ n }: Numbered): Promise<string> {
    const later = async (): Promise<string> => {
      await pause(40);
      return await this.told('later', this.add('later', `${n}`));
    };
    const values = await Promise.all([this.told('now', this.add('now', `${n}`)), later()]);
    return await this.told('tail', this.add('tail', values.join('|')));
  }

  @OnEvent(events.loop)
  async loop({ n }: Numbered): Promise<string> {
    let value = `${n}`;
    for (let at = 0; at < 5; at++) value = await this.told(`l${at}`, this.add(`l${at}`, value));
    return value;
  }

  @OnEvent(events.compensated)
  async compensated({ n }: Numbered): Promise<string> {
    const charged = await this.told('charge', this.add('charge', `${n}`));
    try {
      return await this.told('ship', this.fail('ship'));
    } catch {
      return await this.told('refund', this.add('refund', charged));
    }
  }

  @OnEvent(events.retried)
  async retried({ n }: Numbered): Promise<string> {
    const before = await this.told('before', this.add('before', `${n}`));
    const flaky = await this.told('flaky', this.thirdTime('flaky', before));
    return await this.told('after', this.add('after', flaky));
  }

  @OnEvent(events.sleeping)
  async sleeping({ n }: Numbered): Promise<string> {
    const before = await this.told('before', this.add('before', `${n}`));
    await sleep(150);
    return await this.told('after', this.add('after', before));
  }

  @OnEvent(events.publishing)
  async publishing({ n }: Numbered): Promise<string> {
    const before = await this.told('before', this.add('before', `${n}`));
    await this.app.publish(events.published, { n });
    return await this.told('after', this.add('after', before));
  }

  @OnEvent(events.published)
  async published({ n }: Numbered): Promise<string> {
    return await this.told('child', this.add('child', `${n}`));
  }

  @Step()
  async add(name: string, value: string): Promise<string> {
    await this.witness.act(name);
    return `${value}.${name}`;
  }

  @Step()
  async outer(name: string, value: string): Promise<string> {
    const first = await this.told('inner1', this.add('inner1', value));
    const second = await this.told('inner2', this.add('inner2', first));
    return `${second}.${name}`;
  }

  @Step()
  @Retry({ maxAttempts: 3, backoff: fixed(25) })
  async thirdTime(name: string, value: string): Promise<string> {
    await this.witness.act(name);
    if (execution().attempt < 3) throw new Error(`attempt ${execution().attempt} fails`);
    return `${value}.${name}`;
  }

  @Step()
  async fail(name: string): Promise<string> {
    await this.witness.act(name);
    throw new NonRetryableError('no such address');
  }

  private told<Value>(name: string, step: Promise<Value>): Promise<Value> {
    return this.witness.reported(name, step);
  }
}

/** A second handler of the same event: the two stand apart. */
@Worker({ id: 'torture-audit', inject: [Witness] })
export class TortureAudit {
  constructor(private readonly witness: Witness) {}

  @OnEvent(events.sequential)
  async audited({ n }: Numbered): Promise<string> {
    return await this.witness.reported('audit', this.audit('audit', `${n}`));
  }

  @Step()
  async audit(name: string, value: string): Promise<string> {
    await this.witness.act(name);
    return `${value}.${name}`;
  }
}
