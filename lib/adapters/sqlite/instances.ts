import type { InstanceWrite, Verdict } from '../../ports/store-write.js';
import type { StoredInstance } from '../../ports/stored-instance.js';

/** Instances by id. */
export class Instances {
  find(_id: string): StoredInstance | null {
    return null;
  }

  write({ change }: InstanceWrite, _now: number): Verdict {
    throw new RangeError(`instances are not stored yet: ${change.id}`);
  }
}
