/**
 * An event log on Redis Streams: for Redis from 6.2 on, Valkey, and servers that are compatible with them.
 */

export type { RedisClient } from "./redis/redis-client.js";
export { createRedisEventLog, type RedisEventLogOptions, type RedisRetention } from "./redis/redis-log.js";
