/** A scheme without a host, perhaps with a database: `redis:`, `rediss://`, `redis:///2`. */
const HOSTLESS = /^(rediss?):(?:\/\/)?(\/\d+)?$/i;

/**
 * The address of a Redis that `HOLDFAST_STORE_URL` names; where it names no host, `REDIS_HOST`, `REDIS_PORT` and
 * `REDIS_PASSWORD` do. Null: it is no Redis.
 */
export function redisAddress(url: string, env: NodeJS.ProcessEnv): string | null {
  const [, scheme, database = ''] = HOSTLESS.exec(url) ?? [];
  if (scheme === undefined) return /^rediss?:/i.test(url) ? url : null;
  const password = env['REDIS_PASSWORD'];
  const secret = password ? `:${encodeURIComponent(password)}@` : '';
  return `${scheme}://${secret}${env['REDIS_HOST'] || '127.0.0.1'}:${env['REDIS_PORT'] || '6379'}${database}`;
}
