/** Of readings that overlap, the one that was sent last counts. */
export class Readings {
  private last = 0;
  private answered = 0;

  /** The number of a reading that is about to be sent. */
  next(): number {
    return ++this.last;
  }

  /** Whether none was sent since. */
  isLast(reading: number): boolean {
    return reading === this.last;
  }

  /** Whether its answer counts: none of a later one has come. */
  accepts(reading: number): boolean {
    if (reading < this.answered) return false;
    this.answered = reading;
    return true;
  }
}
