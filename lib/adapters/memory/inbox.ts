import type { MessageKind } from '../../model/execution.js';
import type { MessageId } from '../../model/ids.js';
import type { Message, StoredMessage } from '../../ports/store-write.js';

/** Ids of acknowledged messages that one inbox still recognises. */
const remembered = 1_000;

/** The messages of one execution that no commit has acknowledged, and the ids of those that came before. */
export class Inbox {
  messages: StoredMessage[] = [];
  readonly ids = new Set<MessageId>();
  lastSeq = 0;

  add(message: Message): void {
    this.lastSeq++;
    this.ids.add(message.id);
    this.messages.push({ ...message, seq: this.lastSeq });
  }

  /** Removes messages up to `seq`; the newest of their ids stay known. */
  acknowledge(seq: number): void {
    const first = this.messages[0];
    if (first === undefined || first.seq > seq) return;
    this.messages = this.messages.filter((message) => message.seq > seq);
    let surplus = this.ids.size - this.messages.length - remembered;
    for (const id of this.ids) {
      if (surplus-- <= 0) break;
      this.ids.delete(id);
    }
  }

  /** Whether a message after `seen` of one of these kinds is there. */
  wakes(listening: readonly MessageKind[], seen: number): boolean {
    return this.messages.some((message) => message.seq > seen && listening.includes(message.kind));
  }

  /** Copies of at most `limit` messages after `seq`, oldest first. */
  after(seq: number, limit: number): StoredMessage[] {
    const found: StoredMessage[] = [];
    for (const message of this.messages) {
      if (found.length >= limit) break;
      if (message.seq > seq) found.push({ ...message });
    }
    return found;
  }
}
