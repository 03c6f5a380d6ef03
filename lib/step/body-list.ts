import type { Body } from './body.js';

/** Bodies in the order in which they began. They hold the links themselves: to add and to remove one makes nothing. */
export class BodyList implements Iterable<Body> {
  first: Body | null = null;
  size = 0;
  private last: Body | null = null;

  add(body: Body): void {
    body.previousBody = this.last;
    if (this.last === null) this.first = body;
    else this.last.nextBody = body;
    this.last = body;
    this.size++;
  }

  /** Does nothing with a body that is not in it. */
  delete(body: Body): void {
    const { previousBody: previous, nextBody: next } = body;
    if (previous === null && this.first !== body) return;
    if (previous === null) this.first = next;
    else previous.nextBody = next;
    if (next === null) this.last = previous;
    else next.previousBody = previous;
    body.previousBody = body.nextBody = null;
    this.size--;
  }

  some(test: (body: Body) => boolean): boolean {
    for (let body = this.first; body !== null; body = body.nextBody) if (test(body)) return true;
    return false;
  }

  /** Those that are in it now, whatever happens to it meanwhile. */
  [Symbol.iterator](): Iterator<Body> {
    const bodies: Body[] = [];
    for (let body = this.first; body !== null; body = body.nextBody) bodies.push(body);
    return bodies[Symbol.iterator]();
  }
}
