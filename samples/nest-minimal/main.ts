// node --import @swc-node/register/esm-register samples/nest-minimal/main.ts
import 'reflect-metadata';
import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Event, memoryStore, OnEvent, sleep, Step, Worker, WorkerApp } from 'holdfast';
import { WorkerModule } from 'holdfast/nest';
import { IsEmail, IsString } from 'class-validator';

@Event('user.signed-up')
class SignedUp {
  @IsEmail() email!: string;
  @IsString() name!: string;
}

@Injectable()
class Mailer {
  async send(to: string, text: string): Promise<void> {
    console.log(`mail to ${to}: ${text}`);
  }
}

@Worker()
class WelcomeWorker {
  constructor(private readonly mailer: Mailer) {}

  @OnEvent(SignedUp)
  async welcome({ email, name }: SignedUp): Promise<string> {
    await this.mail(email, `Welcome, ${name}`);
    await sleep('1 second'); // or '3 days': it outlives the process, where the store does
    await this.mail(email, `${name}, how do you like it?`);
    return 'welcomed';
  }

  @Step()
  async mail(to: string, text: string): Promise<void> {
    await this.mailer.send(to, text);
  }
}

// Without `store`, executions live in ./.holdfast, and a killed process resumes them.
@Module({
  imports: [WorkerModule.forRoot({ store: memoryStore() })],
  providers: [WelcomeWorker, Mailer],
})
class AppModule {}

Logger.overrideLogger(['warn', 'error']);
const nest = await NestFactory.createApplicationContext(AppModule);
nest.enableShutdownHooks();
const workers = nest.get(WorkerApp);

const published = await workers.publish(SignedUp, { email: 'ada@example.com', name: 'Ada' });
console.log(await published.of(WelcomeWorker, 'welcome').result());
await nest.close();
