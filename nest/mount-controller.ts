import {
  applyDecorators,
  Controller,
  Inject,
  Post,
  Req,
  Res,
  SetMetadata,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import {
  type Logger,
  LOGGER,
  type Mount,
  type NodeRequest,
  type NodeResponse,
  type WorkerApp,
} from '../lib/entries/index.js';
import { SETTINGS } from './app-parts.js';
import { type HostRequest, type HostResponse, nodeRequest, nodeResponse } from './host-request.js';
import { getPartToken, getWorkerAppToken } from './tokens.js';
import type { MountSettings, WorkerModuleSettings } from './worker-module-options.js';

/** Where `@nestjs/swagger` looks for controllers that it leaves out. */
const HIDDEN_FROM_OPENAPI = 'swagger/apiExcludeController';

/**
 * The controller of an app's mount. The guards are asked about events; hints are signed. Its path has no version, and
 * stands below the prefix of the application.
 */
export function mountController(
  { guards = [], decorators = [], path = '/holdfast', ...options }: MountSettings,
  name: string | undefined,
): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  @SetMetadata(HIDDEN_FROM_OPENAPI, [true])
  @applyDecorators(...decorators)
  class WorkerMountController {
    private readonly mount: Mount;

    constructor(
      @Inject(getWorkerAppToken(name)) workers: WorkerApp,
      @Inject(SETTINGS) settings: WorkerModuleSettings,
      @Inject(getPartToken(LOGGER, name)) private readonly logger: Logger,
    ) {
      const guarded = guards.length === 0 ? null : { guard: () => true };
      this.mount = workers.mount({ ...settings.mount, ...options, ...guarded, path });
    }

    @Post()
    @UseGuards(...guards)
    events(@Req() request: HostRequest, @Res() response: HostResponse): Promise<void> {
      return this.answer(path, request, response);
    }

    @Post('hints')
    hints(@Req() request: HostRequest, @Res() response: HostResponse): Promise<void> {
      return this.answer(`${path}/hints`, request, response);
    }

    private async answer(at: string, request: HostRequest, response: HostResponse): Promise<void> {
      const incoming: NodeRequest = nodeRequest(request, at);
      if (incoming.rawBody === undefined && incoming.readableEnded === true)
        this.logger.error(
          'the mount cannot verify a request whose body was parsed: NestFactory.create(AppModule, { rawBody: true })',
        );
      const outgoing: NodeResponse = nodeResponse(response);
      await this.mount.node(incoming, outgoing);
    }
  }
  return WorkerMountController;
}
