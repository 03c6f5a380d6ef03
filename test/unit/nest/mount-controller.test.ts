import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UnauthorizedException,
  Module,
  SetMetadata,
  type Type,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { sign } from '../../../lib/adapters/http/signature.js';
import { memoryStore, signedHeaders, silentLogger, WorkerApp } from '../../../lib/entries/index.js';
import { WorkerModule, type WorkerModuleOptions } from '../../../nest/index.js';
import { PingWorker } from './pings.js';
import { of } from 'rxjs';

const key = 'k'.repeat(40);

interface Running {
  readonly app: WorkerApp;
  readonly errors: readonly string[];
  post(path: string, body: string, headers?: Record<string, string>): Promise<readonly [number, unknown]>;
  close(): Promise<void>;
}

interface How {
  readonly platform: 'express' | 'fastify';
  readonly rawBody?: boolean;
  readonly prefix?: string;
  readonly versioned?: boolean;
  readonly providers?: NonNullable<Parameters<typeof Module>[0]['providers']>;
}

async function serve(mount: WorkerModuleOptions['mount'], how: How): Promise<Running> {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
  const root = WorkerModule.forRoot({ store: memoryStore(), logger, ...(mount && { mount }) });
  return serveModule(root, how, errors);
}

async function serveModule(
  root: ReturnType<typeof WorkerModule.forRoot>,
  { platform, rawBody = true, prefix, versioned = false, providers = [] }: How,
  errors: readonly string[] = [],
): Promise<Running> {
  @Module({ imports: [root], providers: [PingWorker, ...providers] })
  class AppModule {}
  const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const nest = await NestFactory.create(AppModule as Type, adapter, {
    logger: false,
    rawBody,
    abortOnError: false,
  });
  if (prefix !== undefined) nest.setGlobalPrefix(prefix);
  if (versioned) nest.enableVersioning({ type: VersioningType.URI });
  await nest.listen(0, '127.0.0.1');
  const url = await nest.getUrl();
  return {
    app: nest.get(WorkerApp),
    errors,
    post: async (path, body, headers = {}) => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });
      const text = await response.text();
      return [response.status, text === '' ? null : (JSON.parse(text) as unknown)];
    },
    close: () => nest.close(),
  };
}

const event = JSON.stringify({ event: 'ping', data: { id: '1' } });
/** The same value, other bytes. */
const spaced = JSON.stringify({ event: 'ping', data: { id: '1' } }, null, 2);

describe.each(['express', 'fastify'] as const)('mount on %s', (platform) => {
  test('takes events whose bytes are signed, and no others', async () => {
    const running = await serve({ signing: key, sync: true }, { platform });
    const signed = signedHeaders(key, event);
    expect(await running.post('/holdfast', event, signed)).toEqual([
      200,
      { executions: [expect.objectContaining({ worker: 'pings', value: 'pong 1' })] },
    ]);
    expect((await running.post('/holdfast', spaced, signed))[0]).toBe(401);
    expect((await running.post('/holdfast', event))[0]).toBe(401);
    expect((await running.post('/holdfast/other', event))[0]).toBe(404);
    await running.close();
  });

  test('takes signed hints below it', async () => {
    const running = await serve({ signing: key }, { platform });
    const hints = JSON.stringify({ v: 1, hints: [['e', 1]] });
    const headers = sign(key, {
      surface: 'hints',
      id: 'h-1',
      timestamp: String(Math.floor(Date.now() / 1_000)),
      body: Buffer.from(hints),
    });
    expect(await running.post('/holdfast/hints', hints, headers)).toEqual([202, { accepted: true }]);
    expect((await running.post('/holdfast/hints', hints))[0]).toBe(401);
    await running.close();
  });

  test('asks guards of Nest, with what they inject, about events', async () => {
    @Injectable()
    class Keys {
      readonly key = 'let me in';
    }
    @Injectable()
    class KeyGuard implements CanActivate {
      constructor(private readonly keys: Keys) {}
      canActivate(context: ExecutionContext): boolean {
        const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
        return headers['x-key'] === this.keys.key;
      }
    }
    @Module({ providers: [Keys], exports: [Keys] })
    class KeysModule {}
    const root = WorkerModule.forRoot({
      store: memoryStore(),
      logger: silentLogger,
      imports: [KeysModule],
      mount: { path: '/jobs', guards: [KeyGuard], sync: true },
    });
    const running = await serveModule(root, { platform });
    expect((await running.post('/jobs', event))[0]).toBe(403);
    expect((await running.post('/jobs', event, { 'x-key': 'let me in' }))[0]).toBe(200);
    expect((await running.post('/jobs/hints', '{"hints":[]}', { 'x-key': 'let me in' }))[0]).toBe(404);
    await running.close();
  });

  test.each<[string, CanActivate['canActivate'], number]>([
    ['a promise of false', async () => false, 403],
    ['an observable of false', () => of(false), 403],
    ['an UnauthorizedException', () => Promise.reject(new UnauthorizedException()), 401],
    ['a promise of true', async () => true, 200],
  ])('a guard that answers with %s', async (_, canActivate, status) => {
    const running = await serve({ guards: [{ canActivate }], sync: true }, { platform });
    expect((await running.post('/holdfast', event))[0]).toBe(status);
    await running.close();
  });

  test('a body above what the parser of Nest takes is answered 413, and nothing is stored', async () => {
    const running = await serve({ signing: key }, { platform });
    const big = JSON.stringify({ event: 'ping', data: { id: 'x'.repeat(2_000_000) } });
    expect((await running.post('/holdfast', big, signedHeaders(key, big)))[0]).toBe(413);
    expect(await running.app.executions.list()).toEqual([]);
    await running.close();
  });

  test('stands below a prefix, without a version, and hints pass a guard of the whole application that is told to', async () => {
    const Public = SetMetadata('public', true);
    @Injectable()
    class TokenGuard implements CanActivate {
      constructor(private readonly reflector: Reflector) {}
      canActivate(context: ExecutionContext): boolean {
        return this.reflector.getAllAndOverride<boolean>('public', [
          context.getHandler(),
          context.getClass(),
        ]);
      }
    }
    const how: How = {
      platform,
      prefix: 'api',
      versioned: true,
      providers: [{ provide: APP_GUARD, useClass: TokenGuard }],
    };
    const signed = signedHeaders(key, event);
    const closed = await serve({ signing: key }, how);
    expect((await closed.post('/api/holdfast', event, signed))[0]).toBe(403);
    await closed.close();
    const open = await serve({ signing: key, decorators: [Public] }, how);
    expect((await open.post('/api/holdfast', event, signed))[0]).toBe(202);
    await open.close();
  });

  test('without raw bodies it says what to write, and takes nothing', async () => {
    const running = await serve({ signing: key }, { platform, rawBody: false });
    const signed = signedHeaders(key, event);
    expect((await running.post('/holdfast', event, signed))[0]).toBe(503);
    expect(running.errors[0]).toMatch(/NestFactory\.create\(AppModule, \{ rawBody: true \}\)/);
    await running.close();
  });
});

test('signing comes from configuration, the path from beside the factory', async () => {
  const root = WorkerModule.forRootAsync({
    useFactory: async () => ({
      store: memoryStore(),
      logger: silentLogger,
      mount: { signing: key, sync: { timeout: '5s' } },
    }),
    mount: { path: '/work' },
  });
  const running = await serveModule(root, { platform: 'express' });
  const signed = signedHeaders(key, event);
  expect((await running.post('/work', event, signed))[0]).toBe(200);
  await running.close();
});

test.each<[string, object, RegExp]>([
  ['nobody may send', {}, /mount\(\): signing: nothing says who may send requests/],
  ['a path that is none', { signing: key, path: 'jobs/' }, /mount\(\): path: it is no path/],
])('%s is refused while the application is made', async (_, mount, message) => {
  await expect(serve(mount, { platform: 'express' })).rejects.toThrow(message);
});
