import { ApplicationConfig, ExternalContextCreator } from '@nestjs/core';
import type { BoundEnhancers } from './bound-enhancers.js';

/** What the application gave to all its hosts. */
export function globalsOf(config: ApplicationConfig): BoundEnhancers {
  const pipes = config.getGlobalPipes().length + config.getGlobalRequestPipes().length > 0;
  const filters = config.getGlobalFilters().length + config.getGlobalRequestFilters().length > 0;
  const others = [
    config.getGlobalGuards(),
    config.getGlobalRequestGuards(),
    config.getGlobalInterceptors(),
    config.getGlobalRequestInterceptors(),
  ];
  return { any: pipes || filters || others.some((each) => each.length > 0), pipes, filters };
}

/** One that knows the enhancers of classes and methods only: those of the application expect requests. */
export function withoutGlobals(creator: ExternalContextCreator): ExternalContextCreator {
  // Nest has no other way to its container for what is not part of it.
  const container = creator['container'];
  const bare: typeof container = Object.create(container, {
    applicationConfig: { value: new ApplicationConfig() },
  });
  return ExternalContextCreator.fromContainer(bare);
}
