import type {
  Ack,
  AlarmEvent,
  Birth,
  LostRange,
  Presence,
  Reading,
  SeqRange,
  Stats,
  Status,
  Stream,
  StreamLedger,
} from "@fieldmesh/protocol";
import type { Log } from "../log.js";
import type { MqttLink } from "../mqtt/link.js";
import type { AlarmRecord, EventOrder } from "./alarm-states.js";
import type { AuditRow } from "./audit.js";
import type { ConsumerClock } from "./clock.js";
import type { ClockOffset } from "./clock-offset.js";
import type { ConsumerState } from "./consumer-state.js";
import type { DroppedTopic } from "./drops.js";

/** A reading that came for the first time. */
export interface ArrivedReading {
  stream: Stream;
  /** `{domain}_{node}_{sensor}`. */
  name: string;
  reading: Reading;
  /** False for the forms without boot and seq of their own. */
  accounted: boolean;
  /** It came after a newer one without being marked as backfill. */
  outOfOrder: boolean;
  /** By this consumer's clock, ms. */
  arrivedAt: number;
  /** Node clock minus this clock where it was measured, else 0: see {@link clockCorrectionMs}. */
  clockOffsetMs: number;
}

export interface ArrivedEvent {
  stream: Stream;
  event: AlarmEvent;
  /** Only the `newest` changes an alarm's present state; history keeps `older` ones too. */
  order: EventOrder;
  retained: boolean;
  /** The older form ends then without a repeat, ms; `onEventEnded` tells. */
  expiresAt?: number;
  arrivedAt: number;
}

/** A stream as the consumer knows it; read only. */
export interface ConsumerStream {
  readonly stream: Stream;
  readonly name: string;
  readonly accounted: boolean;
  readonly ledger: Pick<StreamLedger, "terms" | "missing" | "gaps" | "folded" | "newestBoot">;
  /** When its newest reading (backfill apart) arrived, ms. */
  readonly lastAt: number | null;
  readonly latest: Reading | undefined;
  /** Of a stream that declares no interval, ms. */
  readonly medianIntervalMs: number | undefined;
}

/** A node as the consumer knows it; read only. */
export interface ConsumerNode {
  readonly domain: string;
  readonly node: string;
  readonly birth: Birth | null;
  readonly status: Status | null;
  readonly stats: Stats | null;
  readonly presence: Presence;
  readonly lastHeardAt: number | null;
  readonly clockOffset: ClockOffset | undefined;
  /** Has no birth: bare publishers and the older forms. */
  readonly legacy: boolean;
  /** Index in `links` of the broker that it speaks through. */
  readonly link: number;
  /** By sensor id. */
  readonly streams: ReadonlyMap<string, ConsumerStream>;
}

export type NodeChange = "seen" | "birth" | "status" | "stats" | "presence" | "offset" | "removed";

export interface StreamConsumerOptions {
  /** One for each broker. The consumer starts and closes them. */
  links: readonly MqttLink[];
  /** Who asks, in the commands that this consumer sends. */
  by: string;
  log: Log;
  clock?: ConsumerClock;
  /** How long a gap may close by itself before it is asked for. Default 2,000 ms. */
  graceMs?: number;
  /** Ask nodes for what is missing. Default true; a mere onlooker says false. */
  resend?: boolean;
  /** Measure the nodes' clocks. Default: as `resend`. */
  measureClocks?: boolean;
  limits?: Partial<ConsumerLimits>;
  /** What {@link StreamConsumer.save} gave before a restart. */
  state?: ConsumerState;
  /** Each reading once. */
  onReading?: (arrived: ArrivedReading) => void;
  /** One that came before is turned away; `at` by this consumer's clock, ms. */
  onDuplicate?: (stream: ConsumerStream, at: number) => void;
  onEvent?: (arrived: ArrivedEvent) => void;
  /** An alarm ended otherwise than by being cleared: its topic was emptied, or its older form ran out. */
  onEventEnded?: (alarm: AlarmRecord, why: "removed" | "expired") => void;
  onNode?: (node: ConsumerNode, change: NodeChange) => void;
  /** `null`: the acknowledgement was taken back. */
  onAck?: (stream: Stream, rule: string, ack: Ack | null) => void;
  /** The state of a promise (`mesh/alarm/…`), from the historian. */
  onPromise?: (streamName: string, rule: string, event: AlarmEvent | null) => void;
  onDropped?: (dropped: DroppedTopic) => void;
  /** A `resend` goes out for what is missing. What comes of it is marked as backfill. */
  onAsked?: (stream: ConsumerStream, asked: { boot: number; from: number; to: number }) => void;
  /** The answer to a `resend` is in the ledger: what is gone for good, and what comes by itself. */
  onAnswered?: (
    stream: ConsumerStream,
    boot: number,
    answer: { gone: LostRange[]; held: SeqRange[] },
  ) => void;
  onLink?: (index: number, connected: boolean) => void;
}

/** Bounds: what comes beyond is dropped and counted as `limit`. */
export interface ConsumerLimits {
  nodes: number;
  streams: number;
  alarms: number;
  /** Requests that wait for a reply. */
  requests: number;
  /** Topics of which drops are told apart. */
  droppedTopics: number;
}

/** Some 100 times a large house; a stream costs about 1 kB. */
export const DEFAULT_LIMITS: ConsumerLimits = {
  nodes: 5_000,
  streams: 50_000,
  alarms: 20_000,
  requests: 1_000,
  droppedTopics: 1_000,
};

export interface StreamConsumer {
  /** Subscribes and starts the links. */
  start(): void;
  /** Ends requests and timers and closes the links. */
  close(): Promise<void>;
  readonly nodes: ReadonlyMap<string, ConsumerNode>;
  node(domain: string, node: string): ConsumerNode | undefined;
  stream(stream: Stream): ConsumerStream | undefined;
  /** The newest event of every rule. */
  alarms(): Iterable<AlarmRecord>;
  /** The identity of every accounted stream and boot. */
  audit(): AuditRow[];
  readonly dropped: {
    total: number;
    byCause: Record<string, number>;
    recent(limit?: number): DroppedTopic[];
  };
  /** Since when each broker's link is up, ms; `null` where it is not. */
  listening(): readonly (number | null)[];
  /**
   * Sends a command to a node and resolves with the result of its reply. `by` names the person who asks; the
   * consumer itself by default.
   * @throws RequestTimeoutError, CommandRefusedError, TooManyRequestsError, NotConnectedError, LinkLostError
   */
  request(
    target: { domain: string; node: string; name: string; by?: string },
    args: unknown,
    timeoutMs?: number,
  ): Promise<unknown>;
  /** Forgets a node at once; its topics are emptied by whoever retires it. */
  forget(domain: string, node: string): void;
  /** What a restarted consumer needs to go on counting where this one is. */
  save(): ConsumerState;
}
