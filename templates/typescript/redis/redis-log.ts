import {
  type AppendOptions,
  type Cursor,
  CursorError,
  type Entry,
  type EventLog,
  type Retention,
  type TailListener,
} from "../server.js";
import { answerMs, closedError, RedisCalls } from "./redis-calls.js";
import {
  accessRedis,
  type BlockingConnection,
  type IoRedisConnection,
  type NodeRedisConnection,
  type RedisAccess,
  type RedisArgument,
  type RedisClient,
  type RedisNode,
} from "./redis-client.js";
import { beginning, compareIds, rowsOf, type StreamRow, TopicKeys, textOf } from "./redis-stream.js";
import { type Follower, StreamReader } from "./stream-reader.js";

/** How much of each topic a log on Redis keeps, and when an entry counts as kept. */
export interface RedisRetention extends Retention {
  /**
   * How many replicas must have an entry before `append` resolves (`WAIT`). `append` rejects if fewer have it after 4 seconds.
   * Default: 0, so that an entry that only the primary had may be lost in a failover.
   */
  readonly replicas?: number | undefined;
}

/** Options of `createRedisEventLog`. */
export interface RedisEventLogOptions {
  /** A client of `ioredis` (`Redis` or `Cluster`), or a connected one of `redis` from version 5 on (`createClient` or `createCluster`). The log does not close it. */
  readonly client: RedisClient;
  /** The start of all keys. Default: `sse:`. A topic `x` has the keys `{sse:x}:log`, `{sse:x}:n` and, for 2 minutes, `{sse:x}:k:<key>`; in a cluster `{sse:7}x:log` and so on, as topics share 16 hash tags there. */
  readonly prefix?: string | undefined;
  readonly keep?: RedisRetention | undefined;
  /** The connection that waits for entries: it serves nothing else. Not for a cluster. Default: the log opens one with `client.duplicate()`, and opens it again when it is lost. */
  readonly blocking?: IoRedisConnection | NodeRedisConnection | undefined;
}

/**
 * Creates an event log on Redis Streams. It needs two connections, whatever the number of topics and subscribers: the client, and
 * one that waits; in a cluster, up to 16 that wait. Throws a `TypeError` for an option with a wrong value.
 *
 * Configure Redis so that it deletes nothing by itself: `maxmemory-policy noeviction`, and `appendonly yes` if events must survive a
 * restart.
 */
export function createRedisEventLog(options: RedisEventLogOptions): EventLog {
  return new RedisEventLog(options);
}

/** How long a repeated publication is recognized. */
const keyWindowMs = 120_000;
/** How often a topic is trimmed by age. */
const trimMs = 60_000;
const maxRecoveryMs = 1000;
const maxTopics = 10_000;

/**
 * Appends an entry. KEYS: the stream, the number of its last entry, the record of a publication. ARGV: the data, how many entries are kept,
 * how long the record lasts, how old entries may be, if it is time to trim. The last entry stays at any age, so that clients can resume after it.
 */
const appendScript = `
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then return known end
end
if ARGV[4] then
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  if last then
    local oldest = redis.call('TIME')[1] * 1000 - ARGV[4]
    local time = tonumber(string.match(last[1], '^%d+'))
    redis.call('XTRIM', KEYS[1], 'MINID', '~', time < oldest and last[1] or string.format('%.0f', math.max(oldest, 0)))
  end
end
local n = redis.call('INCR', KEYS[2])
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'n', n, 'd', ARGV[1])
if KEYS[3] then redis.call('SET', KEYS[3], id, 'PX', ARGV[3]) end
return id`;

/** Whether an entry is there. KEYS: the stream, a key to write to. ARGV: its id. */
const confirmScript = `
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', 60000)
return 1`;

class RedisEventLog implements EventLog {
  readonly #access: RedisAccess;
  readonly #calls: RedisCalls;
  readonly #blocking: RedisAccess | undefined;
  readonly #prefix: string;
  readonly #keep: Required<{ [K in keyof RedisRetention]: number }>;
  readonly #readers: Map<string, StreamReader> = new Map();
  readonly #followers: Set<Follower> = new Set();
  readonly #topics: Map<string, TopicKeys> = new Map();
  #scriptSha: string | undefined;
  #lostAt = Number.NEGATIVE_INFINITY;
  #recoveryMs = 0;

  constructor({ client, prefix = "sse:", keep = {}, blocking }: RedisEventLogOptions) {
    const { events = 10_000, ms = 3_600_000, replicas = 0 } = keep;
    checkOption("keep.events", events, 1);
    checkOption("keep.ms", ms, 1);
    checkOption("keep.replicas", replicas, 0);
    this.#access = accessRedis(client);
    this.#calls = new RedisCalls(this.#access);
    this.#blocking = blocking && accessRedis(blocking);
    if (this.#blocking && this.#access.isCluster) {
      throw new TypeError("option blocking is not for a cluster: leave it out");
    }
    this.#prefix = prefix;
    this.#keep = { events, ms, replicas };
  }

  async append(topic: string, data: Uint8Array, { key }: AppendOptions = {}): Promise<Cursor> {
    const keys = this.#keys(topic);
    const { events, ms, replicas } = this.#keep;
    const names = [keys.n, ...(key === undefined ? [] : [keys.publication(key)])];
    const args: RedisArgument[] = [data, Math.min(Math.ceil(events), Number.MAX_SAFE_INTEGER), keyWindowMs];
    const now = performance.now();
    if (ms !== Number.POSITIVE_INFINITY && now - keys.trimmedAt >= trimMs) {
      keys.trimmedAt = now;
      args.push(Math.ceil(ms));
    }
    const id = textOf(await this.#runScript(keys.log, names, args));
    if (replicas > 0) {
      await this.#confirm(keys, id, replicas);
    }
    return keys.cursor(id);
  }

  async read(topic: string, after: Cursor, limit: number): Promise<Entry[]> {
    const keys = this.#keys(topic);
    const id = keys.id(after);
    // The entry of the cursor comes first, which shows that nothing after it is missing.
    const rows = await this.#range(keys, id, limit + 1);
    const n = rows[0]?.id === id ? rows.shift()?.n : await this.#find(keys, id);
    const gap = rows.find((row, i) => row.n !== Number(n) + 1 + i);
    if (gap) {
      throw new CursorError(after, id === beginning ? "trimmed" : "unknown");
    }
    return rows.slice(0, limit).map((row) => keys.entry(row));
  }

  async tip(topic: string): Promise<Cursor> {
    const keys = this.#keys(topic);
    const [last] = rowsOf(await this.#calls.send(keys.log, "xrevrange", [keys.log, "+", "-", "count", 1]));
    return keys.cursor(last?.id ?? beginning);
  }

  async tail(topic: string, after: Cursor, listener: TailListener): Promise<() => void> {
    const keys = this.#keys(topic);
    const id = keys.id(after);
    const follower: Follower = { keys, listener, id, n: await this.#find(keys, id) };
    this.#followers.add(follower);
    try {
      await this.#follow(follower);
    } catch (error) {
      this.#followers.delete(follower);
      throw error;
    }
    return () => this.#unfollow(follower);
  }

  async close(): Promise<void> {
    this.#calls.close();
    for (const follower of this.#followers) {
      this.#fail(follower, closedError());
    }
  }

  #keys(topic: string): TopicKeys {
    let keys = this.#topics.get(topic);
    if (keys === undefined) {
      if (this.#topics.size >= maxTopics) {
        this.#topics.clear(); // most of them are of topics that are no longer used
      }
      keys = new TopicKeys(this.#prefix, topic, this.#access.isCluster);
      this.#topics.set(topic, keys);
    }
    return keys;
  }

  /** The entries from an id on. */
  async #range({ log }: TopicKeys, from: string, count: number): Promise<StreamRow[]> {
    return rowsOf(await this.#calls.send(log, "xrange", [log, from, "+", "count", count]));
  }

  /** The number of the entry with an id. Rejects with a `CursorError` if it is not there, or if it is the beginning and the first entry is not there. */
  async #find(keys: TopicKeys, id: string): Promise<number> {
    const [row] = await this.#range(keys, id, 1);
    if (row?.id === id) {
      return row.n;
    }
    if (id === beginning) {
      const isNew = row === undefined && (await this.#calls.send(keys.n, "get", [keys.n])) === null;
      // The first entry may have come between the two commands.
      const first = row ?? (isNew ? undefined : (await this.#range(keys, id, 1))[0]);
      if (isNew || first?.n === 1) {
        return 0;
      }
      throw new CursorError(keys.cursor(id), "trimmed");
    }
    const [first] = row ? await this.#range(keys, "-", 1) : [];
    // A log that still has its first entry has trimmed none.
    const isTrimmed = first && first.n > 1 && compareIds(first.id, id) > 0;
    const reason = row === undefined ? "future" : isTrimmed ? "trimmed" : "unknown";
    throw new CursorError(keys.cursor(id), reason);
  }

  /** Gives a follower to the reader of its stream. */
  async #follow(follower: Follower): Promise<void> {
    const key = follower.keys.log;
    const { group } = await this.#access.node(key);
    let reader = this.#readers.get(group);
    if (!reader) {
      reader = new StreamReader({
        // Asked for each time, as another server has the key after a failover.
        open: async () => this.#open(await this.#access.node(key)),
        send: async (command, args) => (await this.#access.node(key)).send(command, args),
        find: (keys, id) => this.#find(keys, id),
        onFailed: (failed, error) => this.#fail(failed, error),
        onLost: (lost) => this.#recover(lost),
      });
      this.#readers.set(group, reader);
    }
    if (this.#followers.has(follower)) {
      reader.add(follower);
    }
  }

  #unfollow(follower: Follower): void {
    this.#followers.delete(follower);
    for (const reader of this.#readers.values()) {
      reader.remove(follower);
    }
  }

  #fail(follower: Follower, error: Error): void {
    this.#unfollow(follower);
    follower.listener.failed(error);
  }

  /** Follows again after a delay, which grows while connections are lost shortly after they were opened. */
  #recover(lost: readonly Follower[]): void {
    const now = performance.now();
    this.#recoveryMs = now - this.#lostAt > 10 * maxRecoveryMs ? 20 : Math.min(maxRecoveryMs, this.#recoveryMs * 1.5);
    this.#lostAt = now;
    setTimeout(
      () => {
        for (const follower of lost.filter((follower) => this.#followers.has(follower))) {
          this.#follow(follower).catch(() => this.#recover([follower]));
        }
      },
      this.#recoveryMs * (0.5 + Math.random() / 2),
    );
  }

  /** Opens a blocking connection. */
  async #open(node: RedisNode): Promise<BlockingConnection> {
    if (this.#blocking) {
      const { send } = await this.#blocking.node("");
      return { send, close: () => {} };
    }
    return node.open();
  }

  async #runScript(stream: string, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown> {
    this.#scriptSha ??= await sha1(appendScript);
    const rest = [1 + keys.length, stream, ...keys, ...args];
    try {
      return await this.#calls.send(stream, "evalsha", [this.#scriptSha, ...rest]);
    } catch (error) {
      if (!String(error).includes("NOSCRIPT")) {
        throw error;
      }
      return this.#calls.send(stream, "eval", [appendScript, ...rest]);
    }
  }

  /** Waits until enough replicas have an entry. */
  async #confirm(keys: TopicKeys, id: string, replicas: number): Promise<void> {
    const node = await this.#access.node(keys.log);
    // `WAIT` covers the writes of its own connection. The library may have reconnected since the append, so write once more.
    const [isThere, count] = await Promise.all([
      this.#calls.within(node.send("eval", [confirmScript, 2, keys.log, keys.confirmed, id])),
      this.#calls.within(node.send("wait", [replicas, answerMs - 1000])),
    ]);
    if (Number(isThere) !== 1 || Number(count) < replicas) {
      throw new Error(`${Number(isThere) === 1 ? count : "no"} replicas have the entry, ${replicas} must have it`);
    }
  }
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function checkOption(name: string, value: number, least: number): void {
  if (!(typeof value === "number" && value >= least)) {
    throw new TypeError(`option ${name} is ${value}: give a number, ${least} or more`);
  }
}
