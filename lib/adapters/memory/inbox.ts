import type { MessageKind } from '../../model/execution.js';
import type { MessageId } from '../../model/ids.js';
import type { Message, StoredMessage } from '../../ports/store-write.js';

/** Ids of acknowledged messages that one inbox still recognises. */
const REMEMBERED = 1_000;

/** The messages of one execution that no commit has acknowledged, the ids of those that came before, and all its items. */
export class Inbox {
  messages: StoredMessage[] = [];
  /** Collected events. */
  items: StoredMessage[] = [];
  readonly ids = new Set<MessageId>();
  lastSeq = 0;

  add(message: Message): void {
    this.lastSeq++;
    this.ids.add(message.id);
    this.messages.push({ ...message, seq: this.lastSeq });
  }

  addItem(item: Message): void {
    this.lastSeq++;
    this.items.push({ ...item, seq: this.lastSeq });
  }

  /** Removes messages up to `seq`; the newest of their ids stay known. */
  acknowledge(seq: number): void {
    const first = this.messages[0];
    if (first === undefined || first.seq > seq) return;
    this.messages = this.messages.filter((message) => message.seq > seq);
    let surplus = this.ids.size - this.messages.length - REMEMBERED;
    for (const id of this.ids) {
      if (surplus-- <= 0) break;
      this.ids.delete(id);
    }
  }

  /** Whether a message after `seen` of one of these kinds is there. */
  wakes(listening: readonly MessageKind[], seen: number): boolean {
    return this.messages.some((message) => message.seq > seen && listening.includes(message.kind));
  }

  /** Copies of at most `limit` messages after `seq`, oldest first, without items. */
  unseen(seq: number, limit: number): StoredMessage[] {
    return next(this.messages, seq, limit);
  }

  /** Copies of at most `limit` messages and items after `seq`, oldest first. */
  after(seq: number, limit: number): StoredMessage[] {
    const found = next(this.messages, seq, limit);
    if (this.items.length === 0) return found;
    const both = [...found, ...next(this.items, seq, limit)];
    return both.sort((a, b) => a.seq - b.seq).slice(0, limit);
  }
}

function next(messages: readonly StoredMessage[], seq: number, limit: number): StoredMessage[] {
  const found: StoredMessage[] = [];
  for (const message of messages) {
    if (found.length >= limit) break;
    if (message.seq > seq) found.push({ ...message });
  }
  return found;
}
