/// <reference types="node" preserve="true" />
export { redisStore, type RedisStore } from '../adapters/redis/redis-store.js';
export type { RedisStoreOptions } from '../adapters/redis/redis-options.js';
export type { RedisClient } from '../adapters/redis/redis-client.js';
export type { Durability } from '../adapters/redis/durability.js';
export { redisDispatcher, type RedisDispatcherOptions } from '../app/dispatchers/redis-dispatcher.js';
export type { RedisDispatcher } from '../adapters/redis/redis-dispatcher.js';
