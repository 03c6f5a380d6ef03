import { isLoopbackAddress, remoteAddress, senderAt } from '../../../../lib/adapters/http/remote-address.js';

const request = new Request('http://localhost/');

test.each([
  ['Deno', { remoteAddr: { transport: 'tcp', hostname: '203.0.113.7', port: 1 } }, '203.0.113.7'],
  ['Hono for Node', { incoming: { socket: { remoteAddress: '203.0.113.7' } } }, '203.0.113.7'],
  ['Bun', { requestIP: () => ({ address: '203.0.113.7' }) }, '203.0.113.7'],
  ['who calls', { address: '203.0.113.7' }, '203.0.113.7'],
  ['Bun, without one', { requestIP: () => null }, null],
  ['Next.js', { params: Promise.resolve({}) }, null],
  ['Cloudflare', { HOLDFAST_KEY: 'x' }, null],
  ['nothing', undefined, null],
  ['no object', '127.0.0.1', null],
  ['an empty one', { address: '' }, null],
  ['odd ones', { address: 7, remoteAddr: null, incoming: { socket: null } }, null],
])('%s tells its address', (_, server, address) => {
  expect(remoteAddress(request, server)).toBe(address);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['1:2:3:4:5:6:77.88.99.1', '1:2:3:4'],
  ['unix socket', 'unix socket'],
])('the sender at %s is %s', (address, sender) => {
  expect(senderAt(address)).toBe(sender);
});

test('only addresses of this machine are loopback', () => {
  const here = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'];
  const elsewhere = ['', '10.0.0.1', '::ffff:10.0.0.1', '::2', '1127.0.0.1', 'localhost'];
  expect([here.every(isLoopbackAddress), elsewhere.some(isLoopbackAddress)]).toEqual([true, false]);
});
