import { Hono } from 'hono';
import { jobs, key, SignedUp } from './jobs.js';

const mount = jobs.mount({
  signing: key,
  guard: (request) => request.headers.get('authorization') === 'Bearer of-the-shop',
  events: [SignedUp],
  rateLimit: { limit: 100, per: '1 minute' }, // by the address that the server hands on in c.env
});

/** `/holdfast` and what is below it: events, and hints of other processes. */
export const hono = new Hono()
  .all('/holdfast/*', (c) => mount.fetch(c.req.raw, c.env))
  .get('/health', (c) => c.text('up'));
