import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { WorkerHealthIndicator, type WorkerHealthResult } from 'holdfast/nest';

/** With `@nestjs/terminus`, the indicator is given to its `HealthCheckService`; without, it is a plain provider. */
@Controller('health')
export class HealthController {
  constructor(private readonly workers: WorkerHealthIndicator) {}

  @Get('live')
  async live(): Promise<WorkerHealthResult<'workers'>> {
    return answer(await this.workers.isAlive('workers'));
  }

  @Get('ready')
  async ready(): Promise<WorkerHealthResult<'workers'>> {
    return answer(await this.workers.isReady('workers', { maxLag: '30s' }));
  }
}

function answer(result: WorkerHealthResult<'workers'>): WorkerHealthResult<'workers'> {
  if (result.workers.status === 'down') throw new ServiceUnavailableException(result);
  return result;
}
