/** The lease of the workers in the torture: short, so that many crashes fit into a minute. */
export const LEASE_MS = 1_000;
export const SWEEP_MS = 1_000;
