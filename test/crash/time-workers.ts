import {
  Actor,
  type ActorContext,
  Debounce,
  Every,
  OnAlarm,
  OnEvent,
  Step,
  type Tick,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { Witness } from './witness.js';
import { events, type Numbered, TICK_MS } from './workload.js';

const Known = z.object({ applied: z.array(z.number()), rang: z.number() });

/** What an actor of the torture keeps. */
export type Known = z.infer<typeof Known>;

@Actor({ id: 'torture-actor', state: Known, key: 'key', inject: [Witness] })
export class TortureActor {
  constructor(private readonly witness: Witness) {}

  @OnEvent(events.told)
  async told({ n }: Numbered, ctx: ActorContext<Known>): Promise<string> {
    const value = await this.witness.reported('told', this.add('told', `${n}`));
    ctx.updateState((state) => ({ applied: [...(state?.applied ?? []), n], rang: state?.rang ?? 0 }));
    ctx.schedule('200ms');
    return value;
  }

  @OnAlarm()
  async rang(ctx: ActorContext<Known>): Promise<void> {
    await this.witness.reported('rang', this.add('rang', ''));
    ctx.updateState((state) => ({ applied: state?.applied ?? [], rang: (state?.rang ?? 0) + 1 }));
  }

  @Step()
  async add(name: string, value: string): Promise<string> {
    await this.witness.act(name);
    return `${value}.${name}`;
  }
}

@Worker({ id: 'torture-gather', inject: [Witness] })
export class TortureGather {
  constructor(private readonly witness: Witness) {}

  @Debounce(events.gathered, { key: 'key', flushAfter: '300ms', maxEvents: 5 })
  async gathered(together: Numbered[]): Promise<readonly number[]> {
    return await this.witness.reported(
      'gather',
      this.gather(
        'gather',
        together.map(({ n }) => n),
      ),
    );
  }

  @Step()
  async gather(name: string, numbers: readonly number[]): Promise<readonly number[]> {
    await this.witness.act(name);
    return numbers;
  }
}

@Worker({ id: 'torture-ticks', inject: [Witness] })
export class TortureTicks {
  constructor(private readonly witness: Witness) {}

  @Every(TICK_MS, { overlap: 'allow', misfire: 'all' })
  async tick({ scheduledAt }: Tick): Promise<number> {
    return await this.witness.reported('tick', this.note('tick', scheduledAt));
  }

  @Step()
  async note(name: string, at: number): Promise<number> {
    await this.witness.act(name);
    return at;
  }
}
