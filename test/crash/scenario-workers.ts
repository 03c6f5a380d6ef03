import { setTimeout as pause } from 'node:timers/promises';
import { defineEvent, OnEvent, Step, Worker } from 'holdfast';
import { Witness } from './witness.js';

interface Numbered {
  readonly n: number;
}

function event<const Name extends string>(name: Name) {
  return defineEvent(name, {
    '~standard': {
      version: 1,
      vendor: 'scenario',
      validate: (value: unknown) => ({ value: value as Numbered }),
      types: undefined as { readonly input: Numbered; readonly output: Numbered } | undefined,
    },
  });
}

export const Journey = event('journey');
export const Poison = event('poison');
export const Mail = event('mail');
export const Toil = event('toil');

/** How long one of its steps takes, ms. */
export const STAGE_MS = 150;
/** How long the only step of a toil takes: longer than the lease of its process. */
const TOIL_MS = 2_500;
export const stages = ['s1', 's2', 's3', 's4', 's5', 's6'] as const;

@Worker({ id: 'journeys', inject: [Witness] })
class Journeys {
  constructor(private readonly witness: Witness) {}

  @OnEvent(Journey)
  async travel(): Promise<number> {
    for (const stage of stages) await this.witness.reported(stage, this.stage(stage));
    return stages.length;
  }

  @Step()
  async stage(name: string): Promise<void> {
    await this.witness.act(name);
    await pause(STAGE_MS);
  }
}

@Worker({ id: 'poison', inject: [Witness] })
class PoisonTaker {
  constructor(private readonly witness: Witness) {}

  @OnEvent(Poison)
  async take(): Promise<void> {
    await this.swallow();
  }

  @Step()
  async swallow(): Promise<void> {
    await this.witness.act('swallow');
    process.exit(7);
  }
}

@Worker({ id: 'toilers', inject: [Witness] })
class Toilers {
  constructor(private readonly witness: Witness) {}

  @OnEvent(Toil)
  async toil({ n }: Numbered): Promise<number> {
    return await this.drudge(n);
  }

  @Step()
  async drudge(n: number): Promise<number> {
    await this.witness.act('drudge');
    await pause(TOIL_MS);
    return n;
  }
}

@Worker({ id: 'letters', inject: [Witness] })
class Letters {
  constructor(private readonly witness: Witness) {}

  @OnEvent(Mail)
  async carry({ n }: Numbered): Promise<string> {
    return await this.carryLetter(n);
  }

  @Step()
  async carryLetter(n: number): Promise<string> {
    await this.witness.act('letter');
    return `letter ${n} by ${process.pid}`;
  }
}

@Worker({ id: 'parcels', inject: [Witness] })
class Parcels {
  constructor(private readonly witness: Witness) {}

  @OnEvent(Mail)
  async carry({ n }: Numbered): Promise<string> {
    return await this.carryParcel(n);
  }

  @Step()
  async carryParcel(n: number): Promise<string> {
    await this.witness.act('parcel');
    return `parcel ${n} by ${process.pid}`;
  }
}

export const scenarioWorkers = { Journeys, PoisonTaker, Toilers, Letters, Parcels };
