import { CursorError, type TailListener } from "../server.js";
import { type BlockingConnection, type RedisNode, within } from "./redis-client.js";
import { compareIds, type StreamRow, streamsOf, type TopicKeys } from "./redis-stream.js";

/** A tail, and how far its listener is. */
export interface Follower {
  readonly keys: TopicKeys;
  readonly listener: TailListener;
  /** The id and the number of the last entry that the listener received, or of the one after which the tail began. */
  id: string;
  n: number;
}

/** What a reader needs from its log. */
export interface ReaderOptions {
  /** Opens the connection that waits. */
  readonly open: () => Promise<BlockingConnection>;
  /** Sends a command over the connection that does not wait. */
  readonly send: RedisNode["send"];
  /** The number of the entry with an id. Rejects with a `CursorError` if it is not there. */
  readonly find: (keys: TopicKeys, id: string) => Promise<number>;
  /** Ends a tail. */
  readonly onFailed: (follower: Follower, error: CursorError) => void;
  /** Called when the connection is lost. The streams of these followers may be on another server by now. */
  readonly onLost: (followers: readonly Follower[]) => void;
}

/** How long a read waits for entries, and so the longest delay if an interruption is lost. */
const blockMs = 2000;
/** How much longer the answer may take before the connection counts as lost. */
const graceMs = 3000;
const pageSize = 512;
/** How many quiet followers are checked at once, and how often. */
const checkSize = 64;
const checkMs = 1000;

/**
 * Follows any number of streams of one server with one `XREAD`, which waits for the next entry of any of them. A new
 * follower interrupts it.
 */
export class StreamReader {
  readonly followers: Set<Follower> = new Set();
  readonly #options: ReaderOptions;
  #connection: BlockingConnection | undefined;
  #clientId: unknown;
  #isRunning = false;
  /** Counts reads: each includes the followers that were added before it. */
  #reads = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  add(follower: Follower): void {
    this.followers.add(follower);
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    } else {
      void this.#interrupt(this.#reads);
    }
  }

  remove(follower: Follower): void {
    this.followers.delete(follower);
    if (this.followers.size === 0) {
      this.#connection?.close();
    }
  }

  async #run(): Promise<void> {
    const timer = setInterval(() => void this.#checkQuiet(), checkMs);
    try {
      while (this.followers.size > 0) {
        await this.#follow(await this.#options.open());
      }
    } catch {
      // The connection was lost, or could not be opened.
    } finally {
      clearInterval(timer);
      this.#isRunning = false;
      this.#connection?.close();
      this.#connection = undefined;
      const lost = [...this.followers];
      this.followers.clear();
      if (lost.length > 0) {
        this.#options.onLost(lost);
      }
    }
  }

  async #follow(connection: BlockingConnection): Promise<void> {
    this.#connection = connection;
    this.#clientId = await within(graceMs, connection.send("client", ["id"]));
    // The last entries may have been trimmed or lost since the last connection.
    await this.#check([...this.followers]);
    while (this.followers.size > 0) {
      this.#reads++;
      const readers = [...this.followers];
      const starts = startsOf(readers);
      const args = ["count", pageSize, "block", blockMs, "streams", ...starts.keys(), ...starts.values()];
      const reply = await within(blockMs + graceMs, connection.send("xread", args));
      for (const [key, rows] of streamsOf(reply)) {
        for (const follower of readers) {
          // A client may put a prefix of its own before all keys.
          const isOfStream = follower.keys.log === key || (!starts.has(key) && key.endsWith(follower.keys.log));
          if (isOfStream && this.followers.has(follower)) {
            this.#deliver(follower, rows);
          }
        }
      }
    }
  }

  #deliver(follower: Follower, read: readonly StreamRow[]): void {
    const rows =
      read[0] && compareIds(read[0].id, follower.id) > 0
        ? read
        : read.filter(({ id }) => compareIds(id, follower.id) > 0);
    const gap = rows.findIndex(({ n }, i) => n !== follower.n + 1 + i);
    const good = gap < 0 ? rows : rows.slice(0, gap);
    const last = good[good.length - 1];
    const { keys, listener } = follower;
    if (last) {
      follower.id = last.id;
      follower.n = last.n;
      listener.entries(good.map((row) => keys.entry(row)));
    }
    const next = rows[gap];
    if (next) {
      const reason = next.n > follower.n ? "behind" : "unknown";
      this.#options.onFailed(follower, new CursorError(keys.cursor(follower.id), reason));
    }
  }

  /** Ends the pending read, so that the next one includes all followers. */
  async #interrupt(reads: number): Promise<void> {
    while (this.#reads === reads && this.#clientId !== undefined && this.#connection) {
      const unblocked = await this.#options.send("client", ["unblock", String(this.#clientId)]).catch(() => 1);
      if (Number(unblocked) === 1) {
        return;
      }
      // The connection is between two reads, or the next one has not reached the server.
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 2);
      });
    }
  }

  /**
   * Checks some followers, the ones that were checked longest ago first. This notices a lost stream without new entries: a read after
   * an id from the future waits forever.
   */
  async #checkQuiet(): Promise<void> {
    const some = [...this.followers].slice(0, checkSize);
    await this.#check(some).catch(() => {});
    for (const follower of some.filter((follower) => this.followers.delete(follower))) {
      this.followers.add(follower);
    }
  }

  async #check(followers: readonly Follower[]): Promise<void> {
    await Promise.all(followers.map((follower) => this.#checkOne(follower)));
  }

  async #checkOne(follower: Follower): Promise<void> {
    const { keys, id, n } = follower;
    try {
      const found = await this.#options.find(keys, id);
      if (found !== n) {
        throw new CursorError(keys.cursor(id), "unknown");
      }
    } catch (error) {
      if (!(error instanceof CursorError)) {
        throw error;
      }
      // Entries that were delivered meanwhile may have caused its trimming.
      if (this.followers.has(follower) && follower.id === id) {
        this.#options.onFailed(follower, error.reason === "trimmed" ? new CursorError(error.cursor, "behind") : error);
      }
    }
  }
}

/** Where to begin in each stream: at the follower that has read the least. */
function startsOf(followers: readonly Follower[]): Map<string, string> {
  const starts = new Map<string, string>();
  for (const { keys, id } of followers) {
    const other = starts.get(keys.log);
    starts.set(keys.log, other !== undefined && compareIds(other, id) < 0 ? other : id);
  }
  return starts;
}
