import { uuidv7 } from 'uuidv7';
import type { IdGenerator } from '../../ports/id-generator.js';

/** UUIDs of version 7: unique across machines, increasing within a process. */
export const uuidGenerator: IdGenerator = { next: () => uuidv7() };
