import 'reflect-metadata';
import { bootstrap, defineEvent, memoryStore, OnEvent, Step, Worker } from 'holdfast';
import { TestApp } from 'holdfast/testing';

interface Greeting {
  readonly name: string;
}

const Greeted = defineEvent('greeted', {
  '~standard': {
    version: 1,
    vendor: 'consumer',
    validate: (value: unknown) => ({ value: value as Greeting }),
    types: undefined as { readonly input: Greeting; readonly output: Greeting } | undefined,
  },
});

class Phrases {
  hello(name: string): string {
    return `hello ${name}`;
  }
}

@Worker('greeter')
class Greeter {
  constructor(private readonly phrases: Phrases) {}

  @OnEvent(Greeted)
  async greet(event: Greeting): Promise<string> {
    return await this.phrase(event.name);
  }

  @Step()
  phrase(name: string): Promise<string> {
    return Promise.resolve(this.phrases.hello(name));
  }
}

async function main(): Promise<void> {
  const app = await bootstrap({ workers: [Greeter], store: memoryStore() });
  await app.start();
  const published = await app.publish(Greeted, { name: 'ada' });
  const bootstrapped: string = await published.of(Greeter, 'greet').result();
  await app.close();

  const test = await TestApp.create({ workers: [Greeter] });
  const tested: string = await (await test.publish(Greeted, { name: 'ada' })).of(Greeter, 'greet').result();
  await test.close();

  console.log(JSON.stringify({ bootstrapped, tested }));
}

void main();
