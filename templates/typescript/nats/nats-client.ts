/** The JetStream client of `@nats-io/jetstream` 3, as far as an event log needs it. */
export interface NatsJetStream {
  publish(
    subject: string,
    data: Uint8Array,
    options: { msgID: string; timeout: number },
  ): Promise<{ readonly stream: string; readonly seq: number }>;
  readonly consumers: { get(stream: string, options: NatsConsumerOptions): Promise<NatsConsumer> };
}

/** The JetStream manager of `@nats-io/jetstream` 3, as far as an event log needs it. */
export interface NatsJetStreamManager {
  readonly streams: {
    info(stream: string, options?: { subjects_filter: string }): Promise<NatsStreamInfo>;
    add(config: NatsStreamConfig): Promise<NatsStreamInfo>;
    getMessage(stream: string, query: { seq: number } | { last_by_subj: string }): Promise<NatsStoredMessage | null>;
  };
}

/** Options of an ordered consumer. */
export interface NatsConsumerOptions {
  filter_subjects: string[];
  deliver_policy: "by_start_sequence";
  opt_start_seq: number;
  /** In nanoseconds. */
  inactive_threshold: number;
}

export interface NatsConsumer {
  info(cached: boolean): Promise<{ readonly num_pending: number }>;
  fetch(options: { max_messages: number; expires: number }): Promise<AsyncIterable<NatsMessage>>;
  consume(options: {
    max_messages: number;
    idle_heartbeat: number;
    abort_on_missing_resource: boolean;
    callback: (message: NatsMessage) => void;
  }): Promise<NatsMessages>;
  delete(): Promise<boolean>;
}

export interface NatsMessages {
  stop(error?: Error): void;
  closed(): Promise<unknown>;
  status(): AsyncIterable<{ readonly type: string }>;
}

export interface NatsMessage {
  readonly seq: number;
  readonly data: Uint8Array;
  readonly headers?: NatsHeaders | undefined;
  readonly time: Date;
  readonly info: { readonly pending: number };
}

export interface NatsStoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly header: NatsHeaders;
  readonly time: Date;
}

export interface NatsHeaders {
  get(name: string): string;
}

export interface NatsStreamConfig {
  name: string;
  subjects: string[];
  /** In nanoseconds; 0 is no limit. */
  max_age: number;
  /** -1 is no limit, here and below. */
  max_msgs_per_subject: number;
  /** In nanoseconds. */
  duplicate_window: number;
  num_replicas: number;
  allow_direct: boolean;
}

export interface NatsStreamInfo {
  readonly config: {
    readonly subjects?: readonly string[];
    readonly max_age: number;
    readonly max_msgs_per_subject: number;
    readonly max_msgs: number;
    readonly max_bytes: number;
  };
  readonly created: string;
  readonly state: {
    readonly messages: number;
    readonly first_seq: number;
    readonly first_ts: string;
    readonly last_seq: number;
    readonly subjects?: Readonly<Record<string, number>> | undefined;
  };
}
