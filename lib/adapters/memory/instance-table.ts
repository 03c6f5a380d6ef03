import type { StoredInstance } from '../../ports/stored-instance.js';

/** Instances by id. */
export class InstanceTable {
  private readonly byId = new Map<string, StoredInstance>();

  find(id: string): StoredInstance | null {
    return this.byId.get(id) ?? null;
  }
}
