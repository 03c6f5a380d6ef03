/** What an item needs to be in a chain; in one chain at a time. */
export interface Linked<T> {
  previous: T | null;
  next: T | null;
}

/** A doubly linked list through its items: adds and removes in constant time and allocates nothing. */
export class Chain<T extends Linked<T>> {
  first: T | null = null;
  last: T | null = null;
  size = 0;

  push(item: T): void {
    item.previous = this.last;
    item.next = null;
    if (this.last === null) this.first = item;
    else this.last.next = item;
    this.last = item;
    this.size++;
  }

  remove(item: T): void {
    if (item.previous === null) this.first = item.next;
    else item.previous.next = item.next;
    if (item.next === null) this.last = item.previous;
    else item.next.previous = item.previous;
    item.previous = null;
    item.next = null;
    this.size--;
  }
}
