import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { expectTypeOf } from 'expect-type';
import {
  defineEvent,
  type Dispatcher,
  httpDispatcher,
  type Mount,
  type Processed,
  signedHeaders,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';

declare const app: WorkerApp;
const Order = defineEvent('order', z.object({ id: z.string() }));
const key = process.env['HOLDFAST_KEY'];

const mount = app.mount({ signing: key, events: [Order, 'other'], sync: { timeout: '5s' } });
expectTypeOf(mount).toEqualTypeOf<Mount>();

// As Next.js, Hono and Express take them.
expectTypeOf(mount.POST).toExtend<
  (request: Request, context: { params: Promise<object> }) => Promise<Response>
>();
expectTypeOf(mount.fetch).toExtend<(request: Request) => Response | Promise<Response>>();
const listener: RequestListener = (request, response) => void mount.node(request, response);
const middleware: (
  request: IncomingMessage & { body?: unknown; originalUrl: string },
  response: ServerResponse & { json(body: unknown): void },
  next: (error?: unknown) => void,
) => void | Promise<void> = mount.node;
expectTypeOf(listener).toBeFunction();
expectTypeOf(middleware).toBeFunction();

expectTypeOf(mount.process({ within: '5s' })).resolves.toEqualTypeOf<Processed>();
expectTypeOf(mount.execute('{}')).resolves.toEqualTypeOf<readonly unknown[]>();

app.mount({ guard: (request) => request.headers.get('authorization') === 'x' });
app.mount({ guard: async (request) => request.url !== '' });
app.mount({ signing: ['new', 'old'] as const });
expectTypeOf(httpDispatcher({ url: ['https://a', 'https://b'], signing: 'k' })).toExtend<Dispatcher>();
expectTypeOf(signedHeaders('k', '{}', { id: 'a', now: 1 })).toExtend<Record<string, string>>();

// @ts-expect-error what is mounted must say something
app.mount();
// @ts-expect-error a guard answers yes or no
app.mount({ guard: () => 'yes' });
// @ts-expect-error keys are text
app.mount({ signing: 7 });
// @ts-expect-error no such option
app.mount({ signing: 'k', secret: 'k' });
// @ts-expect-error a Duration
app.mount({ signing: 'k', tolerance: '5 parsecs' });
// @ts-expect-error an event is an object or its text
void mount.execute(7);
// @ts-expect-error where it goes has to be said
httpDispatcher({ signing: 'k' });
