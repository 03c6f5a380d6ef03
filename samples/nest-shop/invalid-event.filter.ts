import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { InvalidEventError } from 'holdfast';

interface Response {
  status(code: number): { json(body: unknown): unknown };
}

/** `publish` checks what it gets: what is wrong with a request is told by field. */
@Catch(InvalidEventError)
export class InvalidEventFilter implements ExceptionFilter {
  catch({ violations }: InvalidEventError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(400).json({ statusCode: 400, violations });
  }
}
