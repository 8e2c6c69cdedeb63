/** What one broker, and one client of it, may use. Every refusal by one of these is counted and logged. */
export interface Limits {
  /** Largest control packet, header included. A reading has some 150 bytes and a birth a few thousand. */
  packetBytes: number;
  /** Connections that have sent their CONNECT; the next one gets CONNACK 3 (unavailable). */
  clients: number;
  /** Connections of any state; the next one is closed at once. */
  connections: number;
  /** Connections of one address in a minute; the next one is closed at once. A thousand nodes may share an address. */
  connectsPerMinute: number;
  /** Wrong passwords of one address that cost nothing; after each further one it waits, twice as long each time. */
  freeFailedSignIns: number;
  /** The longest of these waits, in which CONNECT gets CONNACK 3, whatever the password. */
  maxSignInWaitMs: number;
  /** The limits by address are not for those of this machine. */
  exemptLoopback: boolean;
  /** A SUBSCRIBE past this gets 0x80 for the filters too many. */
  subscriptionsPerClient: number;
  /** Levels of a topic or filter: more makes matching slow and is no topic of ours (5). */
  topicLevels: number;
  /** Time that a connection has for its CONNECT. */
  connectTimeoutMs: number;
  /** Messages held for one persistent session while it is away; packet identifiers end at 65,535. */
  queuedMessages: number;
  /** Bytes held for one persistent session while it is away. */
  queuedBytes: number;
  /** Bytes held for all sessions together. */
  queuedTotalBytes: number;
  /** Retained messages in all; the next new topic is not retained. */
  retainedMessages: number;
  /** Bytes of all retained messages; one that finds no room is not retained. */
  retainedBytes: number;
  /** Persistent sessions in all (connected or not); the next one gets CONNACK 3. */
  sessions: number;
  /** How long a client may be away before its session is ended: else one that never returns would stay for ever. */
  sessionExpiryMs: number;
  /** Outward queue of one reader past which its publishers wait, and then its QoS 0 is dropped. */
  softQueueBytes: number;
  /** Outward queue past which a reader is disconnected. */
  hardQueueBytes: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  packetBytes: MIB,
  clients: 10_000,
  connections: 12_000,
  connectsPerMinute: 6_000,
  freeFailedSignIns: 10,
  maxSignInWaitMs: 5 * 60_000,
  exemptLoopback: true,
  subscriptionsPerClient: 1_000,
  topicLevels: 32,
  connectTimeoutMs: 10_000,
  queuedMessages: 20_000,
  queuedBytes: 16 * MIB,
  queuedTotalBytes: 256 * MIB,
  retainedMessages: 100_000,
  retainedBytes: 64 * MIB,
  sessions: 20_000,
  sessionExpiryMs: 7 * 24 * 60 * 60_000,
  softQueueBytes: MIB,
  hardQueueBytes: 8 * MIB,
};
