import { startTimer, stopTimer } from "../shared/timer.js";
import { CancelledError, type CancelReason } from "./cancelled-error.js";
import { Chunk } from "./chunk.js";
import type { EventEncoder, Frame } from "./event-encoder.js";
import { SourceReader } from "./source-reader.js";
import { StreamTimers } from "./stream-timers.js";

/** A chunk takes further events until it holds this many characters. */
const maxChunk = 16 * 1024;

/**
 * How many microtasks the handler's next event may take to join a chunk. An async generator that
 * has its event takes three, and each generator around it three more.
 */
const patience = 9;

const settled: Promise<void> = Promise.resolve();

/** Why a stream is over: it was complete, or it was cancelled, or failed. */
export type CloseReason = "end" | CancelReason;

/** What a stream is made of, and who is told what becomes of it. */
export interface EventBodyOptions {
  /** What the handler answers with. */
  readonly answer: Promise<unknown>;
  readonly encoder: EventEncoder;
  /** The frame of what the handler yielded. Throws for what is no event. */
  readonly toFrame: (value: unknown) => Frame;
  /** The frame of what ends the stream; reports what no client is meant to see. */
  readonly toFailure: (error: unknown) => string;
  /** The `retry:` of a stream that the server cuts. */
  readonly retryMs: () => number;
  /** The handler's signal. */
  readonly abort: AbortController;
  readonly maxDurationMs: number;
  /** How long a chunk may stay unread before the client counts as slow; `Infinity` for ever. */
  readonly unreadMs: number;
  /** Called once, when nothing more is written. `ended` resolves when the handler has ended as well, with what it still failed with. */
  readonly onClose: (reason: CloseReason, ended: Promise<readonly unknown[]>) => void;
}

/** What is known when the head of the response is due. */
export type Opening =
  /** There is an event, or none within the commit window. */
  | { readonly kind: "open" }
  /** The handler ended without any event. */
  | { readonly kind: "empty" }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * The body of a stream: one `ReadableStream` that asks the handler for events as it is read, and
 * writes together those that are ready together. With a client that does not read, the handler is
 * asked for one event more, which is held. No event waits on a timer.
 */
export class EventBody {
  events = 0;
  bytes = 0;
  readonly #options: EventBodyOptions;
  readonly #source: SourceReader;
  readonly #chunk: Chunk = new Chunk();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #timers: StreamTimers | undefined;
  #decide: ((opening: Opening) => void) | undefined;
  #closed = false;
  #reason: CloseReason = "end";
  #ended: Promise<readonly unknown[]> = Promise.resolve([]);
  /** Whether somebody waits for bytes. */
  #wanted = false;
  #ticking = false;
  #ticks = 0;
  #heartbeatDue = false;

  constructor(options: EventBodyOptions) {
    this.#options = options;
    this.#source = new SourceReader(options.answer, {
      onEvent: (value) => this.#onEvent(value),
      onDone: () => this.#finish(),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Asks for the first event. Resolves when the head of the response is due: with that event, or after `windowMs`. */
  open(windowMs: number): Promise<Opening> {
    return new Promise((resolve) => {
      const timer = startTimer(windowMs, () => this.#decide?.({ kind: "open" }));
      this.#decide = (opening) => {
        stopTimer(timer);
        this.#decide = undefined;
        resolve(opening);
      };
      this.#source.ask();
    });
  }

  /** The body itself, once the head is decided. */
  toReadableStream(): ReadableStream<Uint8Array> {
    const { encoder, maxDurationMs, unreadMs } = this.#options;
    this.#chunk.prefix(encoder.opening);
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pull(),
        cancel: () => this.cancel("client"),
      },
      { highWaterMark: 0 },
    );
    if (this.#closed) {
      this.#end();
      return stream;
    }
    this.#timers = new StreamTimers({
      heartbeatMs: encoder.heartbeatMs,
      unreadMs,
      maxDurationMs,
      onSilence: () => this.#beat(),
      onUnread: () => this.#wanted || this.cancel("slow-consumer"),
      onDeadline: () => this.cancel("deadline"),
    });
    return stream;
  }

  /** In place of `toReadableStream`, for a response without a body. */
  discard(): void {
    if (this.#closed) {
      this.#options.onClose(this.#reason, this.#ended);
    } else {
      this.cancel("client");
    }
  }

  /** Ends the stream from outside: tells the handler, and the client as far as it can still be told. */
  cancel(reason: CancelReason): void {
    if (this.#closed) {
      return;
    }
    const { abort, encoder, retryMs, toFailure } = this.#options;
    const error = new CancelledError(reason);
    abort.abort(error);
    if (!this.#close(reason, error)) {
      return;
    }
    if (reason === "deadline") {
      this.#chunk.write(toFailure(error));
    } else if (reason === "shutdown") {
      this.#chunk.write(encoder.handover(retryMs()));
    } else {
      this.#chunk.clear();
      // A client that reads on must not take what it has for the whole. Of one that has gone, Deno would log the error.
      if (reason !== "client") this.#controller?.error(error);
    }
    this.#end();
  }

  #pull(): void {
    this.#wanted = true;
    if (this.#closed) {
      return;
    }
    if (this.#heartbeatDue) {
      this.#heartbeatDue = false;
      this.#timers?.onWrite();
      if (this.#chunk.length === 0) this.#chunk.write(this.#options.encoder.heartbeat);
    }
    this.#source.ask();
    this.#flushSoon();
  }

  #onEvent(value: unknown): void {
    try {
      const frame = this.#options.toFrame(value);
      this.events++;
      this.#append(frame);
    } catch (error) {
      this.#fail(error);
    }
  }

  #append(frame: Frame): void {
    if (this.#wanted && this.#chunk.length > 0 && this.#chunk.length + frame.text.length > maxChunk) {
      this.#flush(frame);
    } else {
      this.#chunk.append(frame);
    }
    if (frame.terminal) {
      this.#finish();
      return;
    }
    this.#decide?.({ kind: "open" });
    if (this.#wanted && this.#chunk.length >= maxChunk) {
      this.#flush();
    } else if (this.#wanted) {
      this.#source.ask();
      this.#ticks = 0;
      this.#flushSoon();
    }
  }

  /** Flushes after the microtasks in which another event may join. */
  #flushSoon(): void {
    if (!this.#ticking && this.#chunk.length > 0) {
      this.#ticking = true;
      this.#ticks = 0;
      settled.then(this.#tick);
    }
  }

  readonly #tick = (): void => {
    if (this.#chunk.length === 0 || !this.#wanted || this.#closed) {
      this.#ticking = false;
    } else if (this.#ticks++ < patience) {
      settled.then(this.#tick);
    } else {
      this.#ticking = false;
      this.#flush();
    }
  };

  /** Writes what is there. `next` begins another chunk. */
  #flush(next?: Frame): void {
    const bytes = this.#chunk.take();
    if (next) this.#chunk.append(next);
    // Before `enqueue`, which calls `#pull` when another read waits already.
    this.#wanted = false;
    this.#timers?.onWrite();
    this.#enqueue(bytes);
  }

  #enqueue(bytes: Uint8Array): void {
    try {
      this.#controller?.enqueue(bytes);
      this.bytes += bytes.byteLength;
    } catch {
      // A runtime tore the body down without calling `cancel`.
      this.cancel("client");
    }
  }

  #beat(): void {
    if (this.#wanted) {
      if (this.#chunk.length === 0) this.#chunk.write(this.#options.encoder.heartbeat);
      this.#flush();
    } else {
      // Nobody reads, so nothing is written; the next read has then waited long enough.
      this.#heartbeatDue = true;
    }
  }

  /** The stream is complete. */
  #finish(): void {
    this.#decide?.({ kind: this.events > 0 ? "open" : "empty" });
    this.#close("end", undefined);
    this.#chunk.write(this.#options.encoder.end);
    this.#end();
  }

  #fail(error: unknown): void {
    this.#options.abort.abort(new CancelledError("error", { cause: error }));
    if (this.#close("error", error)) {
      this.#chunk.write(this.#options.toFailure(error));
      this.#end();
    }
  }

  /** Stops whatever runs. Returns whether the head is decided, so that the body has to be ended too. */
  #close(reason: CloseReason, error: unknown): boolean {
    this.#closed = true;
    this.#reason = reason;
    this.#timers?.stop();
    this.#ended = this.#source.release(error);
    if (this.#decide) {
      this.#decide({ kind: "failed", error });
      this.#options.onClose(reason, this.#ended);
      return false;
    }
    return true;
  }

  /** Writes the rest, read or not, and ends the body; where there is none yet, `toReadableStream` does. */
  #end(): void {
    if (this.#controller === undefined) {
      return;
    }
    if (this.#chunk.length > 0) {
      this.#enqueue(this.#chunk.take());
    }
    try {
      this.#controller.close();
    } catch {
      // It was torn down.
    }
    this.#options.onClose(this.#reason, this.#ended);
  }
}
