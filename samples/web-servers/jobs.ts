import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  defineEvent,
  type EventData,
  OnEvent,
  sqliteStore,
  Step,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';

export const SignedUp = defineEvent('user.signed-up', z.object({ email: z.email(), name: z.string() }));
export type SignedUp = EventData<typeof SignedUp>;

@Worker('welcome')
class WelcomeWorker {
  @OnEvent(SignedUp)
  async greet({ email, name }: SignedUp): Promise<string> {
    return this.send(email, `Welcome, ${name}`);
  }

  @Step()
  async send(email: string, text: string): Promise<string> {
    return `${text}: mailed to ${email}`;
  }
}

/** Where a real one is read from: process.env. */
export const key = 'a key of 32 characters at the least, from openssl rand -hex 32';
const folder = mkdtempSync(join(tmpdir(), 'holdfast-web-'));

async function open(): Promise<WorkerApp> {
  const app = await bootstrap({
    workers: [WelcomeWorker],
    store: sqliteStore(join(folder, 'jobs.db')),
  });
  await app.start();
  return app;
}

/** One app for the process: Next.js loads modules again while it develops, and keeps `globalThis`. */
const kept = globalThis as { jobs?: Promise<WorkerApp> };
kept.jobs ??= open();
export const jobs: WorkerApp = await kept.jobs;

/** What a server does on SIGTERM, after it has stopped listening. */
export async function close(): Promise<void> {
  await jobs.close();
  rmSync(folder, { recursive: true });
}
