import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { TcpProxy } from './tcp-proxy.js';

/** Answers each part with `<part>!` and `bye` by leaving; remembers what it was asked. */
let server: Server;
let asked: string[];
let proxy: TcpProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  asked = [];
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => {
      asked.push(part.toString());
      if (part.toString() === 'bye') {
        socket.destroy();
        return;
      }
      socket.write(`${part.toString()}!`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await TcpProxy.open((server.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  server.close();
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function answer(socket: Socket, line: string): Promise<string> {
  socket.write(line);
  const [part] = (await once(socket, 'data')) as [Buffer];
  return part.toString();
}

/** How the socket ended, and what arrived before. */
async function end(socket: Socket): Promise<{ readonly got: string; readonly code: string | null }> {
  let got = '';
  let code: string | null = null;
  socket.on('data', (part: Buffer) => (got += part.toString()));
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? null));
  await new Promise((resolve) => socket.once('close', resolve));
  return { got, code };
}

describe('the proxy', () => {
  it('hands on what both sides say', async () => {
    const socket = await client();
    expect(await answer(socket, 'a')).toBe('a!');
    expect(await answer(socket, 'b')).toBe('b!');
    expect(proxy.open).toBe(1);
  });

  it.each([
    ['close', null],
    ['reset', 'ECONNRESET'],
  ] as const)('ends open connections by %s, and takes new ones', async (how, code) => {
    const socket = await client();
    await answer(socket, 'a');
    const ended = end(socket);
    proxy.cut(how);
    expect((await ended).code).toBe(code);
    expect(proxy.open).toBe(0);
    expect(await answer(await client(), 'b')).toBe('b!');
  });

  it('keeps swallowed connections open, and nothing arrives in them', async () => {
    const socket = await client();
    await answer(socket, 'a');
    proxy.swallow();
    let heard = '';
    socket.on('data', (part: Buffer) => (heard += part.toString()));
    socket.write('b');
    expect(await answer(await client(), 'c')).toBe('c!');
    expect([heard, socket.destroyed, asked]).toEqual(['', false, ['a', 'c']]);
  });

  it('drops the reply to what the server has done, and only to what was meant', async () => {
    const [other, socket] = [await client(), await client()];
    const dropped = proxy.failReply('drop', /^mine/);
    expect(await answer(other, 'theirs')).toBe('theirs!');
    const ended = end(socket);
    socket.write('mine');
    expect(await ended).toEqual({ got: '', code: null });
    await dropped;
    expect(asked).toEqual(['theirs', 'mine']);
    expect(await answer(await client(), 'mine')).toBe('mine!');
  });

  it('resets in the middle of a reply', async () => {
    const socket = await client();
    const reset = proxy.failReply('reset');
    const ended = end(socket);
    socket.write('abc');
    await reset;
    const { got } = await ended;
    expect('ab'.startsWith(got)).toBe(true);
    expect(asked).toEqual(['abc']);
  });

  it('takes its time each way, and keeps the order', async () => {
    const socket = await client();
    proxy.delay(60);
    const began = performance.now();
    let got = '';
    socket.on('data', (part: Buffer) => (got += part.toString()));
    socket.write('1');
    await once(socket, 'data');
    expect(performance.now() - began).toBeGreaterThanOrEqual(110);
    socket.write('2');
    proxy.delay(0);
    while (!got.endsWith('2!')) await once(socket, 'data');
    expect(got).toBe('1!2!');
  });

  it('refuses while it is told to', async () => {
    proxy.refuse(true);
    const socket = connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    expect((await end(socket)).code).toBe('ECONNRESET');
    proxy.refuse(false);
    expect(await answer(await client(), 'a')).toBe('a!');
  });

  it('ends its clients with the server', async () => {
    const socket = await client();
    await answer(socket, 'a');
    const ended = end(socket);
    socket.write('bye');
    expect((await ended).code).toBeNull();
  });
});
