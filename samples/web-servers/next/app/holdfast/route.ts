import { jobs, SignedUp } from '../../../jobs.js';

/** In a Next.js project this file is app/holdfast/route.ts, and all of it is this. Hints need app/holdfast/hints/route.ts, too. */
export const { POST } = jobs.mount({
  guard: (request) => request.headers.get('cookie') === 'session=ada',
  events: [SignedUp],
  rateLimit: { limit: 100, by: (request) => request.headers.get('x-real-ip') },
});
