import { execution, type MethodBody, type MethodCall } from '../../lib/entries/index.js';
import { pipesOf, type Pipes } from './pipes-of.js';
import { settledValue } from './settled-value.js';
import { CONTEXT_TYPE, type Host, type Run, standInFor } from './stand-in.js';

/** Which enhancers there are beside guards and interceptors. */
export interface Present {
  readonly pipes: boolean;
  readonly filters: boolean;
}

/** The body with its enhancers around it: a function for calls with data, and one for those that have none. */
export function enhance(host: Host, call: MethodCall, present: Present): MethodBody {
  const pipes = present.pipes ? pipesOf(host, call) : null;
  const withData = external(host, call, present, runWithData(call, pipes));
  const withoutData = external(host, call, present, runWithoutData(call));
  const invoker = (...args: unknown[]): unknown => {
    if (call.kind === 'step')
      return args.length === 0
        ? withoutData(undefined, execution())
        : withData(args[0], execution(), ...args.slice(1));
    // An alarm, and what is called when an actor idles, receive their context only.
    return args.length === 1 ? withoutData(undefined, args[0]) : withData(...args);
  };
  return invoker as MethodBody;
}

/** Enhancers see `[data, execution(), ...further arguments of a step]`; what they put there is what the body receives. */
function runWithData({ instance, kind, body }: MethodCall, pipes: Pipes | null): Run {
  const run = (args: readonly unknown[], context: unknown): unknown =>
    body.apply(instance, (kind === 'step' ? args : [...args, context]) as never[]);
  return (data, context, ...rest) =>
    pipes === null
      ? run([data, ...rest], context)
      : pipes([data, ...rest]).then((piped) => run(piped, context));
}

function runWithoutData({ instance, kind, body }: MethodCall): Run {
  return (_data, context) => body.apply(instance, (kind === 'step' ? [] : [context]) as never[]);
}

function external({ creator, context }: Host, call: MethodCall, { filters }: Present, run: Run): Run {
  const target = creator.create<never, typeof CONTEXT_TYPE>(
    call.instance,
    standInFor(call.method, run),
    // Nest keeps what it knows of parameters by this name: not with those of the pipes, which have another factory.
    `${CONTEXT_TYPE}:${call.name}`,
    undefined,
    undefined,
    context,
    undefined,
    { guards: true, interceptors: true, filters },
    CONTEXT_TYPE,
  );
  // A filter may answer with an observable, as those of microservices do.
  return filters ? async (...args) => settledValue(await target(...args)) : target;
}
