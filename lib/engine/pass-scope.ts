import { rootOf } from '../behaviours/handler.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { PassScope } from '../ports/instance-resolver.js';
import type { Pass } from '../step/pass.js';

/** What the resolver is told of a pass. Its context is made when a host asks for it: most instances live as long as the app. */
export class HandlerScope implements PassScope {
  constructor(private readonly pass: Pass) {}

  get execution(): ExecutionContext {
    return rootOf(this.pass).context;
  }
}
