import type { AccessControl } from "../access/access.js";
import type { Limits } from "../limits.js";
import type { MessageRouter, RouteGroup, RouteTarget } from "../router/router.js";
import type { Counters } from "../stats/counters.js";
import type { DropCause } from "../stats/drops.js";
import type { ConnectPacket } from "../wire/connect-packet.js";
import type { EngineBudget } from "./engine-budget.js";
import type { Flusher } from "./flusher.js";
import type { Port } from "./port.js";
import type { Pressure } from "./pressure.js";

export type Router = MessageRouter<Port>;
export type Target = RouteTarget<Port>;
export type ReaderGroup = RouteGroup<Port>;

/** Why a CONNECT is refused before the engine sees it. */
export interface ConnectRefusal {
  returnCode: number;
  cause: DropCause;
  reason: string;
}

/** What a port needs of the broker around it. */
export interface PortHost {
  readonly limits: Limits;
  readonly counters: Counters;
  readonly flusher: Flusher;
  readonly budget: EngineBudget;
  readonly pressure: Pressure;
  readonly router: Router;
  readonly access: Pick<AccessControl, "mayPublish" | "revision">;
  /** Whether QoS 0 messages take the short way; off only to compare. */
  readonly laneOn: boolean;
  /** The listeners are bound to loopback. */
  readonly localOnly: boolean;
  nextSerial(): number;
  /** Counts the turns of the keep-alive sweep: a clock that costs nothing to read. */
  readonly sweepTick: number;
  judgeConnect(connect: ConnectPacket): ConnectRefusal | null;
  /** Gives the port to the engine: its CONNECT is well-formed and not refused. */
  attach(port: Port): void;
  /** The client has acknowledged the QoS 1 message that it was sent with this identifier [MQTT-4.3.2-2]. */
  acknowledged(port: Port, id: number): void;
  reportFault(port: Port, cause: DropCause, reason: string): void;
  closed(port: Port): void;
}
