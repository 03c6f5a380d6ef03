import { Injectable, Logger } from '@nestjs/common';

/** The mail service. Here it writes to the log. */
@Injectable()
export class Mailer {
  private readonly logger = new Logger('Mail');

  async send(to: string, text: string): Promise<void> {
    this.logger.log(`to ${to}: ${text}`);
  }
}
