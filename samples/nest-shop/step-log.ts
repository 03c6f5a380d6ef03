import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import type { ExecutionContext as Execution } from 'holdfast';
import { type Observable, tap } from 'rxjs';

/** Says what each attempt of a step did. A recorded result is not an attempt: after a restart, nothing is said twice. */
@Injectable()
export class StepLog implements NestInterceptor {
  private readonly logger = new Logger('Shop');

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { name } = context.getHandler();
    const { id, attempt, step } = context.getArgByIndex<Execution>(1);
    if (step === null) return next.handle();
    const say = (what: string): void => this.logger.log(`${id.slice(0, 8)} ${name}: ${what}`);
    return next.handle().pipe(
      tap({
        next: () => say('done'),
        error: (error: Error) => say(`attempt ${attempt} failed: ${error.message}`),
      }),
    );
  }
}
