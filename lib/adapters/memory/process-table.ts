import type { ProcessId } from '../../model/ids.js';
import type { ProcessRecord } from '../../ports/store.js';
import { Chain } from './chain.js';
import { type DefinitionWork, type Entry, ProcessEntry } from './entry.js';
import { plainCopy } from './plain-copy.js';

/** Who lives and who runs what. A process that has no lease and runs nothing is forgotten. */
export class ProcessTable {
  private readonly byId = new Map<ProcessId, ProcessEntry>();

  find(id: ProcessId): ProcessEntry | undefined {
    return this.byId.get(id);
  }

  of(id: ProcessId): ProcessEntry {
    let process = this.byId.get(id);
    if (process === undefined) this.byId.set(id, (process = new ProcessEntry(id)));
    return process;
  }

  all(): IterableIterator<ProcessEntry> {
    return this.byId.values();
  }

  renew(record: ProcessRecord, leaseUntil: number): ProcessEntry {
    const process = this.of(record.id);
    process.record = plainCopy(record);
    process.leaseUntil = leaseUntil;
    return process;
  }

  live(now: number): ProcessRecord[] {
    const records: ProcessRecord[] = [];
    for (const process of this.byId.values()) {
      if (process.record !== null && process.isLive(now)) records.push(process.record);
    }
    return records;
  }

  forgetDead(now: number): void {
    for (const process of this.byId.values()) {
      if (process.runningCount === 0 && !process.isLive(now)) this.byId.delete(process.id);
    }
  }

  run(entry: Entry, process: ProcessEntry): void {
    let chain = process.running.get(entry.work);
    if (chain === undefined) process.running.set(entry.work, (chain = new Chain()));
    chain.push(entry);
    process.runningCount++;
    entry.owner = process;
    entry.place = 'running';
  }

  release(entry: Entry): void {
    const process = entry.owner;
    if (process === null) return;
    process.running.get(entry.work)?.remove(entry);
    process.runningCount--;
    entry.owner = null;
    entry.place = 'none';
  }

  dropDefinition(work: DefinitionWork): void {
    for (const process of this.byId.values()) process.running.delete(work);
  }
}
