import type { Pass } from '../step/pass.js';

/** The version of what this pass makes of its instance: no other claim writes the same, and a commit that is sent again does. */
export function turnVersion({ record, lease }: Pass): string {
  return `${record.id}@${lease.fence}`;
}
