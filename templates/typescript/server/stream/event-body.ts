import type { DescMessage } from "@bufbuild/protobuf";
import { IdleTimer, startTimer, stopTimer } from "../../shared/timer.js";
import type { Call } from "../call/call.js";
import type { BodyWriter, ResponseBody } from "../call/response.js";
import { toMessage } from "../call/service.js";
import { CancelledError } from "../errors/cancelled-error.js";
import { SharedEvent } from "../topic/shared-event.js";
import { Chunk } from "./chunk.js";
import type { EventEncoder, Frame } from "./event-encoder.js";
import { Tracked } from "./event-id.js";
import { type SourceListener, SourceReader } from "./source-reader.js";
import { afterTicks, settled } from "./ticks.js";

/** Events are added to a chunk until it has this many characters. */
const maxChunk = 16 * 1024;

/**
 * The events of a stream as its body. Asks the handler for events as the body is read, and writes events together
 * that are ready together. If the client does not read, it takes one more event from the handler and keeps it. No event
 * waits for a timer.
 */
export class EventBody implements SourceListener, BodyWriter {
  readonly #call: Call;
  readonly #encoder: EventEncoder;
  readonly #schema: DescMessage;
  readonly #retryMs: number;
  readonly #source: SourceReader;
  readonly #chunk: Chunk = new Chunk();
  #body: ResponseBody | undefined;
  #silence: IdleTimer | undefined;
  #decide: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  #cursor: string | undefined;
  /** Of a stream over an event log: resolves when its beginning is known. */
  #begun: Promise<unknown> | undefined;
  /** Whether a flush is due, and whether an event has joined since. */
  #isFlushDue = false;
  #hasGrown = false;
  #heartbeatDue = false;

  /** `answer` is what the handler returns. Clients get `retryMs` if the server ends the stream early. */
  constructor(call: Call, answer: Promise<unknown>, encoder: EventEncoder, schema: DescMessage, retryMs = 2000) {
    this.#call = call;
    this.#encoder = encoder;
    this.#schema = schema;
    this.#retryMs = retryMs;
    this.#source = new SourceReader(answer, this);
  }

  /** What the stream failed with before its head was sent. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Whether the handler ended without any event. */
  get isEmpty(): boolean {
    return this.#closed && this.#call.events === 0;
  }

  /**
   * Asks for the first event. Resolves when the head of the response is due: with that event, or after `windowMs` and,
   * over an event log, when the beginning of the stream is known.
   */
  open(windowMs: number): Promise<void> {
    const { stopped } = this.#call;
    if (stopped) {
      this.#stop(stopped);
      return settled;
    }
    this.#call.onStop = (error) => this.#stop(error);
    const decision = this.#decision(windowMs);
    this.#source.ask();
    return decision;
  }

  #decision(windowMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = startTimer(windowMs, () => void (this.#begun ?? settled).then(() => resolve()));
      this.#decide = () => {
        stopTimer(timer);
        resolve();
      };
    }).then(() => {
      this.#decide = undefined;
    });
  }

  /** The body itself, once the head is decided. */
  toReadableStream(): ReadableStream<Uint8Array> {
    const { heartbeatMs } = this.#encoder;
    const opening = this.#encoder.opening(this.#cursor);
    this.#body = this.#call.open(200, this);
    this.#chunk.prefix(opening);
    // Node sends the head with the first chunk, and plain JSON Lines have no opening.
    if (opening === "") {
      this.#body.write(new Uint8Array(0));
    }
    if (this.#closed) {
      this.#end();
    } else if (heartbeatMs > 0) {
      this.#silence = new IdleTimer(heartbeatMs, () => this.#beat());
      this.#silence.touch();
    }
    return this.#body.stream;
  }

  /** In place of `toReadableStream`, for a response without a body. */
  discard(): void {
    this.#call.stop(new CancelledError("client"), "end");
  }

  /** The handler's signal is aborted: ends its source, and reports the reason to the client if that is still possible. */
  #stop(error: CancelledError): void {
    if (this.#closed) {
      return;
    }
    this.#close(error);
    if (this.#body === undefined) {
      this.#failure = { error };
      this.#decide?.();
    } else if (error.reason === "deadline") {
      this.#end(this.#toFailure(error));
    } else if (error.reason === "shutdown") {
      // A time from half to one and a half of `retryMs`, so that not all clients reconnect at once.
      const retryMs = Math.round(this.#retryMs * (0.5 + Math.random()));
      this.#end(this.#encoder.handover(retryMs));
    } else {
      this.#call.abandon(error);
    }
  }

  onWanted(): void {
    if (this.#heartbeatDue) {
      this.#heartbeatDue = false;
      this.#silence?.touch();
      if (this.#chunk.length === 0) {
        this.#chunk.write(this.#encoder.heartbeat);
      }
    }
    this.#source.ask();
    this.#flushSoon();
  }

  onCursor(cursor: Promise<unknown>): void {
    this.#begun = cursor.then(
      (value) => this.#begin(value),
      (error) => this.#closed || this.onFailure(error),
    );
  }

  #begin(cursor: unknown): void {
    if (typeof cursor !== "string" || !/^[!-~]+$/.test(cursor)) {
      return;
    }
    this.#cursor = cursor;
    const opening = this.#encoder.opening(cursor);
    if (this.#body && !this.#closed && this.#call.events === 0 && opening !== this.#encoder.opening()) {
      // The handler took longer than the window, so the opening was sent without a cursor. Send it again.
      this.#chunk.write(opening);
      this.#flushSoon();
    }
  }

  onEvent(value: unknown): void {
    try {
      const frame = toFrame(this.#schema, this.#encoder, value);
      this.#call.countEvent();
      this.#append(frame);
    } catch (error) {
      this.onFailure(error);
    }
  }

  #append(frame: Frame): void {
    if (this.#body?.wanted && this.#chunk.length > 0 && this.#chunk.length + frame.content.length > maxChunk) {
      this.#flush(frame);
    } else {
      this.#chunk.append(frame);
    }
    if (frame.terminal) {
      if (this.#call.terminal === false) {
        this.#call.terminal = true;
      }
      this.onDone();
      return;
    }
    this.#decide?.();
    if (!this.#body?.wanted) {
      return;
    }
    if (this.#chunk.length >= maxChunk) {
      this.#flush();
    } else {
      this.#source.ask();
      this.#hasGrown = true;
      this.#flushSoon();
    }
  }

  /** Flushes after the microtasks in which another event may join. */
  #flushSoon(): void {
    if (!this.#isFlushDue && this.#chunk.length > 0) {
      this.#isFlushDue = true;
      this.#hasGrown = false;
      afterTicks(this.#flushUnlessGrown);
    }
  }

  readonly #flushUnlessGrown = (): void => {
    this.#isFlushDue = false;
    if (!this.#body?.wanted || this.#closed) {
      return;
    }
    if (this.#hasGrown) {
      this.#flushSoon();
    } else if (this.#chunk.length > 0) {
      this.#flush();
    }
  };

  /** Writes the current chunk. `next` begins another one. */
  #flush(next?: Frame): void {
    const bytes = this.#chunk.take();
    if (next) {
      this.#chunk.append(next);
    }
    this.#silence?.touch();
    this.#body?.write(bytes);
  }

  #beat(): void {
    if (this.#body?.wanted) {
      if (this.#chunk.length === 0) {
        this.#chunk.write(this.#encoder.heartbeat);
      }
      this.#flush();
    } else {
      // The client does not read. Its next read gets a heartbeat at once.
      this.#heartbeatDue = true;
    }
  }

  /** The stream is complete. */
  onDone(): void {
    this.#close(undefined);
    this.#decide?.();
    this.#end(this.#encoder.end);
  }

  onFailure(error: unknown): void {
    this.#closed = true;
    this.#call.stop(new CancelledError("error", { cause: error }));
    this.#close(error);
    if (this.#body) {
      this.#end(this.#toFailure(error));
    } else {
      this.#failure = { error };
      this.#decide?.();
    }
  }

  /** The frame of the error that ends the stream. */
  #toFailure(error: unknown): string {
    return this.#encoder.failure(this.#call.describe(error).json);
  }

  /** Stops the source and the heartbeats. */
  #close(error: unknown): void {
    this.#closed = true;
    this.#silence?.stop();
    this.#call.watch(this.#source.release(error));
  }

  /** Ends the body after the current chunk. If there is no body yet, `toReadableStream` ends it. */
  #end(last = ""): void {
    if (last !== "") {
      this.#chunk.write(last);
    }
    this.#body?.end(this.#chunk.take());
  }
}

/** The frame of a yielded message or init shape, tracked or not. Throws if it is not an event of the method. */
function toFrame(schema: DescMessage, encoder: EventEncoder, value: unknown): Frame {
  if (value instanceof SharedEvent) {
    return value.frame(encoder, () => encoder.encode(toMessage(schema, value.message), value.id));
  }
  const event = value instanceof Tracked ? value : { message: value, id: undefined };
  const { text, terminal } = encoder.encode(toMessage(schema, event.message), event.id);
  return { content: text, terminal };
}
