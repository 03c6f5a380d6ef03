import { writeOneOf } from '../../../lib/model/near-names.js';

const steps = Array.from({ length: 38 }, (_, at) => `prepareStep${at + 10}`);

test.each([
  ['chrage', ['charge', 'ship'], 'Write charge'],
  ['nope', ['charge', 'ship'], 'Write one of charge, ship'],
  ['retries', ['metrics', 'role'], 'Write one of metrics, role'],
  ['nope', steps.slice(0, 12), `Write one of ${steps.slice(0, 12).join(', ')}`],
  ['nope', steps, `Write one of ${steps.slice(0, 8).join(', ')}, or one of 30 others`],
  ['prepareStep4', steps, 'Write prepareStep14 or prepareStep24 or prepareStep34'],
])('for %s of %j it says: %s', (name, names, message) => {
  expect(writeOneOf(name, names)).toBe(message);
});
