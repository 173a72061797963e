/**
 * An event log on NATS JetStream: for servers from 2.10 on.
 */

export type { NatsJetStream, NatsJetStreamManager } from "./nats/nats-client.js";
export { createNatsEventLog, type NatsEventLogOptions, type NatsRetention } from "./nats/nats-log.js";
