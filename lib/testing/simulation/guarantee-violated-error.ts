/** A guarantee that did not hold in a simulated run. */
export class GuaranteeViolatedError extends Error {
  override readonly name = 'GuaranteeViolatedError';

  constructor(
    /** The broken rule, for example `I3`. */
    readonly rule: string,
    what: string,
  ) {
    super(`${rule}: ${what}`);
  }
}
