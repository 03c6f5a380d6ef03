import 'reflect-metadata';
import { OnEvent, Step, Worker } from 'holdfast';

@Worker('greeter')
export class Greeter {
  @OnEvent('greeting.wanted')
  greet(): string {
    return 'hello';
  }

  @Step({ after: 'greet' })
  print(_greeting: string): void {}
}
