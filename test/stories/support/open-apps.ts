import type { WorkerClass } from 'holdfast';
import { TestApp, type TestAppOptions } from 'holdfast/testing';

const open: TestApp[] = [];

/** An app that is closed after the test. */
export async function openApp(
  workers: readonly WorkerClass[],
  options: Omit<TestAppOptions, 'workers'> = {},
): Promise<TestApp> {
  const app = await TestApp.create({ workers, ...options });
  open.push(app as TestApp);
  return app as TestApp;
}

afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});
