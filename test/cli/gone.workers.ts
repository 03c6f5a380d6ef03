import { OnEvent, Worker } from 'holdfast';

@Worker('mails')
export class MailWorker {
  @OnEvent('cli.mail')
  async send(): Promise<void> {}
}
