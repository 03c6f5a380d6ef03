import { localDispatcher } from '../../lib/adapters/local/local-dispatcher.js';
import { describeDispatcher } from '../../lib/testing/conformance/describe-dispatcher.js';

describeDispatcher('local dispatcher', async () => ({
  dispatcher: localDispatcher(),
  dispose: async () => undefined,
}));
