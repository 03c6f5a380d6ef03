import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WorkerApp } from 'holdfast';
import { AppModule, OrderPlaced } from './app.js';

/** Comes up, runs an order, and is ended as a deploy ends it. */
async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  app.enableShutdownHooks();
  const workers = app.get(WorkerApp);
  const [answer] = await workers.execute(OrderPlaced, { orderId: 'o-1' });
  console.log(answer);
  workers.on('app.stopped', () => console.log('drained'));
  process.kill(process.pid, 'SIGTERM');
}

void main();
