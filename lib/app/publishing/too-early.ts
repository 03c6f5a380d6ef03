import { NotStartedError } from '../../model/errors-app.js';

/** For a call that comes before the host has told the app its workers. */
export function tooEarly(call: string): NotStartedError {
  return new NotStartedError(
    call,
    'the host has not told the app its workers yet, and nothing is open. Under Nest, publish and read from onModuleInit on: after `await app.init()` or `app.listen()`, never in a constructor',
  );
}
