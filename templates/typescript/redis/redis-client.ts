/** An argument of a command. */
export type RedisArgument = string | number | Uint8Array;

/** A connection of `ioredis`, as far as an event log needs it. */
export interface IoRedisConnection {
  readonly status: string;
  /** The socket, once there is one. */
  readonly stream?: Corkable | undefined;
  readonly options?: Pipelining | undefined;
  callBuffer(command: string, args: RedisArgument[]): Promise<unknown>;
  duplicate(options?: object): IoRedisConnection;
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

interface Pipelining {
  readonly enableAutoPipelining?: boolean | undefined;
}

/** A socket that can hold back what is written to it. */
interface Corkable {
  readonly writableCorked: number;
  cork(): void;
  uncork(): void;
}

/** A cluster of `ioredis`, as far as an event log needs it. */
export interface IoRedisCluster {
  readonly status: string;
  /** The addresses of each slot's servers, the primary first. */
  readonly slots: readonly (readonly string[] | undefined)[];
  readonly options?: Pipelining | undefined;
  callBuffer(command: string, args: RedisArgument[]): Promise<unknown>;
  nodes(
    role: "master",
  ): readonly (IoRedisConnection & { readonly options: { readonly host?: string; readonly port?: number } })[];
}

/** A client of `redis`, version 5 or newer, as far as an event log needs it. */
export interface NodeRedisConnection {
  readonly isReady: boolean;
  readonly options?: { readonly socket?: object } | undefined;
  sendCommand(args: readonly (string | Uint8Array)[], options?: object): Promise<unknown>;
  duplicate(options?: object): NodeRedisConnection;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

/** A cluster of `redis`, version 5 or newer, as far as an event log needs it. */
export interface NodeRedisCluster {
  readonly isOpen: boolean;
  readonly slots: readonly ({ readonly master: unknown } | undefined)[];
  sendCommand(key: string, isReadonly: boolean, args: (string | Uint8Array)[], options?: object): Promise<unknown>;
  nodeClient(node: unknown): unknown;
}

/** A client of `ioredis` (`Redis` or `Cluster`), or of `redis` from version 5 on (`createClient` or `createCluster`). */
export type RedisClient = IoRedisConnection | IoRedisCluster | NodeRedisConnection | NodeRedisCluster;

/** Sends a command. Texts of the reply are bytes. */
type Send = (command: string, args: readonly RedisArgument[]) => Promise<unknown>;

/** A connection for blocking commands only. */
export interface BlockingConnection {
  readonly send: Send;
  close(): void;
}

/** The server of some keys, over the connection that the client has to it. */
export interface RedisNode {
  /** One command may name only keys of one group: in a cluster those of one slot. */
  readonly group: string;
  readonly send: Send;
  /** Opens one more connection. If it is lost, its commands reject, and it does not reconnect. */
  open(): Promise<BlockingConnection>;
}

/** Clients of all kinds in one form. */
export interface RedisAccess {
  readonly isCluster: boolean;
  /** False while the connection is lost: libraries queue commands then, without a limit. */
  isReady(): boolean;
  /** Sends a command whose keys are all in the slot of this one. */
  send(key: string, command: string, args: readonly RedisArgument[]): Promise<unknown>;
  /** The server that has a key. */
  node(key: string): Promise<RedisNode>;
}

/** Recognizes the kind of a client by its methods. Throws a `TypeError` for anything else. */
export function accessRedis(client: RedisClient): RedisAccess {
  if ("callBuffer" in client) {
    return "nodes" in client && "slots" in client
      ? accessIoRedisCluster(client)
      : accessOne(ioRedisNode(client as IoRedisConnection), () => client.status === "ready");
  }
  if ("sendCommand" in client) {
    return "nodeClient" in client
      ? accessNodeRedisCluster(client)
      : accessOne(nodeRedisNode(client), () => client.isReady);
  }
  throw new TypeError("option client is no Redis client: give a client of ioredis, or of redis 5 or newer");
}

function accessOne(node: RedisNode, isReady: () => boolean): RedisAccess {
  return { isCluster: false, isReady, send: (_key, command, args) => node.send(command, args), node: async () => node };
}

function accessIoRedisCluster(cluster: IoRedisCluster): RedisAccess {
  return {
    isCluster: true,
    isReady: () => cluster.status === "ready",
    send: (_key, command, args) => callIoRedis(cluster, command, args),
    async node(key) {
      const slot = keySlot(key);
      const address = cluster.slots[slot]?.[0];
      const node = cluster.nodes("master").find(({ options: { host, port } }) => `${host}:${port}` === address);
      return ioRedisNode(node ?? noOwner(key), String(slot));
    },
  };
}

function accessNodeRedisCluster(cluster: NodeRedisCluster): RedisAccess {
  return {
    isCluster: true,
    isReady: () => cluster.isOpen,
    send: (key, command, args) => cluster.sendCommand(key, false, [command, ...args.map(toText)], asBytes),
    async node(key) {
      const slot = keySlot(key);
      const { master } = cluster.slots[slot] ?? noOwner(key);
      return nodeRedisNode((await cluster.nodeClient(master)) as NodeRedisConnection, String(slot));
    },
  };
}

function noOwner(key: string): never {
  throw new Error(`the cluster has no server for the key ${JSON.stringify(key)}`);
}

function ioRedisNode(client: IoRedisConnection, group = ""): RedisNode {
  return {
    group,
    send(command, args) {
      joinWrites(client.stream);
      return callIoRedis(client, command, args);
    },
    async open() {
      const connection = client.duplicate({
        lazyConnect: true,
        // A blocking command must not be sent again: the server may have lost the entry that it waits after.
        autoResendUnfulfilledCommands: false,
        enableAutoPipelining: false,
        retryStrategy: () => null,
        commandTimeout: undefined,
        socketTimeout: undefined,
      });
      const close = () => connection.disconnect();
      await connectWithin(connection, close);
      return { send: (command, args) => connection.callBuffer(command, args.map(toArgument)), close };
    },
  };
}

/** With `enableAutoPipelining`, `callBuffer` loses the name of the command; its own method, such as `xrangeBuffer`, keeps it. */
function callIoRedis(
  client: IoRedisConnection | IoRedisCluster,
  command: string,
  args: readonly RedisArgument[],
): Promise<unknown> {
  const list = args.map(toArgument);
  return client.options?.enableAutoPipelining
    ? Reflect.get(client, `${command}Buffer`).call(client, list)
    : client.callBuffer(command, list);
}

/** Commands that are sent together leave in one write: with many, the writes take a third of the time. */
function joinWrites(socket: Corkable | undefined): void {
  if (socket?.writableCorked === 0) {
    socket.cork();
    queueMicrotask(() => socket.uncork());
  }
}

function nodeRedisNode(client: NodeRedisConnection, group = ""): RedisNode {
  return {
    group,
    send: (command, args) => client.sendCommand([command, ...args.map(toText)], asBytes),
    async open() {
      const socket = { ...client.options?.socket, reconnectStrategy: false, socketTimeout: undefined };
      const connection = client.duplicate({ socket });
      await connectWithin(connection, () => connection.destroy());
      return {
        send: (command, args) =>
          connection.sendCommand([command, ...args.map(toText)], { ...asBytes, timeout: undefined }),
        // Throws for a connection that is closed already.
        close: () => (connection.isReady ? connection.destroy() : undefined),
      };
    },
  };
}

/** How long it may take until a new connection is ready. */
const connectMs = 5000;

/** Connects. Closes the connection if the server accepts it and then does not answer. */
async function connectWithin(connection: IoRedisConnection | NodeRedisConnection, close: () => void): Promise<void> {
  // The errors of a connection are those of its commands.
  connection.on("error", () => {});
  await within(connectMs, connection.connect()).catch((error) => {
    try {
      close();
    } catch {
      // It is closed already.
    }
    throw error;
  });
}

/** Rejects if an answer takes too long: a connection may be lost without a sign. */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let expire = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    expire = () => reject(new Error(`no answer from Redis within ${ms} ms`));
  });
  const timer = setTimeout(() => expire(), ms);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Options of `redis`: texts (RESP type `$`) as bytes, and maps (`%`) as lists. */
const asBytes = { typeMapping: { 36: globalBuffer(), 37: Array } };

/** Both libraries take and give bytes as `Buffer`, which every runtime that they run on has as a global. */
function globalBuffer(): { from(buffer: unknown, offset: number, length: number): Uint8Array } {
  return (globalThis as unknown as { Buffer: ReturnType<typeof globalBuffer> }).Buffer;
}

function toArgument(argument: RedisArgument): RedisArgument {
  return typeof argument === "object"
    ? globalBuffer().from(argument.buffer, argument.byteOffset, argument.byteLength)
    : argument;
}

/** `redis` takes no numbers. */
function toText(argument: RedisArgument): string | Uint8Array {
  return typeof argument === "number" ? String(argument) : (toArgument(argument) as string | Uint8Array);
}

/**
 * The slot of a key with a hash tag: CRC16 (XMODEM) of the tag modulo 16,384. Source: Redis cluster specification,
 * "Key distribution model" and "Hash tags".
 */
export function keySlot(key: string): number {
  const start = key.indexOf("{") + 1;
  let crc = 0;
  for (const byte of new TextEncoder().encode(key.slice(start, key.indexOf("}", start)))) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    crc &= 0xffff;
  }
  return crc % 16_384;
}
