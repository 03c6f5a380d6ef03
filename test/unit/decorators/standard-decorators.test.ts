import { Event } from '../../../lib/decorators/event.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { Retry } from '../../../lib/decorators/retry.js';
import { Step } from '../../../lib/decorators/step.js';
import { Worker } from '../../../lib/decorators/worker.js';

type Standard = (value: unknown, context: { kind: string; name: string }) => void;

it.each([
  ['Worker', Worker(), 'class'],
  ['Event', Event('x'), 'class'],
  ['Retry', Retry({}), 'class'],
  ['Step', Step(), 'method'],
  ['Retry', Retry({}), 'method'],
  ['OnEvent', OnEvent('x'), 'method'],
])('@%s compiled as a standard decorator says which option is missing', (name, decorator, kind) => {
  expect(() => {
    (decorator as unknown as Standard)(class Sample {}, { kind, name: 'run' });
  }).toThrow(new RegExp(`@${name} was compiled as a standard decorator. Set "experimentalDecorators"`));
});
