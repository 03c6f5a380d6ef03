/** One call that a body made to what a provider gives. */
export interface ProviderCall {
  /** Epoch ms of virtual time. */
  readonly at: number;
  /** Name of the process: `p2`. */
  readonly process: string;
  /** Id of the execution whose body called. */
  readonly execution: string;
  /** Names of the body and those around it: `fulfil/charge`. */
  readonly step: string;
  /** 1-based attempt of the body. */
  readonly attempt: number;
  /** The class or token and the method: `Payments.charge`. */
  readonly call: string;
  readonly args: readonly unknown[];
}
