import { MadeCalls } from '../../../lib/step/made-calls.js';

test('equal calls are counted, whatever was called between them', () => {
  const calls = new MadeCalls();
  const order = ['a 1', 'b 1', 'a 2', 'a 1', 'b 1', 'a 1'].map((call) => call.split(' ') as [string, string]);
  expect(order.map(([name, digest]) => calls.ordinal(name, digest))).toEqual([0, 0, 0, 1, 1, 2]);
});

test('so are many different ones', () => {
  const calls = new MadeCalls();
  for (const round of [0, 1, 2])
    for (let at = 0; at < 50; at++)
      expect([at, calls.ordinal(`step${at % 5}`, `d${at}`)]).toEqual([at, round]);
});

test('a name without arguments meets none with', () => {
  const calls = new MadeCalls();
  for (let at = 0; at < 20; at++) calls.ordinal('other', String(at));
  expect([calls.ordinal('a', ''), calls.ordinal('a', 'b'), calls.ordinal('a', '')]).toEqual([0, 0, 1]);
});

test('the digest is that of the text that is given', () => {
  const calls = new MadeCalls();
  const digests = ['1', '2', '1', '1'].map((text) => calls.digestOf(text));
  expect(new Set(digests).size).toBe(2);
  expect([digests[2], digests[3]]).toEqual([digests[0], digests[0]]);
});
