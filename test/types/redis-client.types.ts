import { expectTypeOf } from 'expect-type';
import type { RedisClient } from 'holdfast/redis';
import type { Cluster, Redis } from 'ioredis';
import type { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';

// The clients of both versions fit, without a cast.
expectTypeOf<Redis>().toExtend<RedisClient>();
expectTypeOf<Cluster>().toExtend<RedisClient>();
expectTypeOf<Redis5>().toExtend<RedisClient>();
expectTypeOf<Cluster5>().toExtend<RedisClient>();
expectTypeOf<{ evalSha(): void }>().not.toExtend<RedisClient>();
