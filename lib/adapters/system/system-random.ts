import type { Random } from '../../ports/random.js';

export const systemRandom: Random = { next: () => Math.random() };
