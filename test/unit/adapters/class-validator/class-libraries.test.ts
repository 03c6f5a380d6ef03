import { loadClassEvents } from '../../../../lib/adapters/class-validator/class-event-checker.js';
import { DriverMissingError } from '../../../../lib/model/errors-store.js';

const missing: { error: Error } = { error: new Error() };

jest.mock('class-transformer', () => {
  throw missing.error;
});

it('libraries that are not installed are a DriverMissingError that names the command', async () => {
  missing.error = Object.assign(new Error("Cannot find module 'class-transformer'"), {
    code: 'MODULE_NOT_FOUND',
  });
  const refused = await loadClassEvents().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(DriverMissingError);
  expect((refused as Error).message).toContain('npm install class-validator class-transformer');
  expect((refused as Error).cause).toBe(missing.error);
});

it('a library that fails while it loads says so itself', async () => {
  missing.error = new Error('broken');
  await expect(loadClassEvents()).rejects.toThrow('broken');
});
