import type { EventRestorer } from '../../step/pass-services.js';

/** Events without schemas: what was stored is what handlers receive. */
export const plainEvents: EventRestorer = {
  restore: (_, data) => data,
  know: () => null,
  admit: (_, data) => data,
  revive: (_, data) => data,
};
