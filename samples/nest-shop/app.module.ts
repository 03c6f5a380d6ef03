import { Module } from '@nestjs/common';
import { WorkerHealthIndicator, WorkerModule } from 'holdfast/nest';
import { HealthController } from './health.controller.js';
import { Mailer } from './mailer.js';
import { OrderWorker } from './order.worker.js';
import { Orders } from './orders.js';
import { OrdersController } from './orders.controller.js';
import { Payments } from './payments.js';
import { openShopDatabase, ShopDatabase } from './shop-database.js';
import { workerOptions } from './worker-options.js';

@Module({
  imports: [WorkerModule.forRootAsync({ useFactory: workerOptions })],
  controllers: [OrdersController, HealthController],
  providers: [
    { provide: ShopDatabase, useFactory: () => openShopDatabase(process.env['SHOP_DATABASE']) },
    Orders,
    Payments,
    Mailer,
    OrderWorker,
    WorkerHealthIndicator,
  ],
})
export class AppModule {}
