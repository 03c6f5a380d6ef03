import type { Server } from 'node:http';
import express from 'express';
import { jobs, key, SignedUp } from './jobs.js';

/** Express 5: the mount comes before any parser of bodies, because the bytes are what is signed. */
export function expressServer(): Promise<Server> {
  const mount = jobs.mount({
    signing: key,
    events: [SignedUp],
    sync: true,
    rateLimit: { limit: 4, per: '1 minute' }, // by request.ip, which follows 'trust proxy'
  });
  const server = express();
  server.use(mount.node);
  server.use(express.json());
  // A route of your own publishes as any code does; what its data lacks is an InvalidEventError.
  server.post('/signups', async (request, response) => {
    const { executions } = await jobs.publish(SignedUp, request.body as SignedUp);
    response.status(201).json({ executions: executions.map(({ id }) => ({ id })) });
  });
  return new Promise((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => resolve(listening));
  });
}
