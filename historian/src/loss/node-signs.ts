import { type ConsumerNode, clockCorrectionMs } from "@fieldmesh/runtime";
import type { Ending } from "./stream-book.js";

/** A node's will says this; a reason of its own is a goodbye. */
const CONNECTION_LOST = "connection lost";

interface Signs {
  /** Of which boot: when anything that it said of itself was last heard, by the historian's clock, ms. */
  boot: number;
  lastAt: number;
  graceful: boolean;
  /** Its newest connection, and since when that is. */
  conn: number;
  connectedAt: number | undefined;
}

type Node = Pick<ConsumerNode, "domain" | "node" | "status" | "stats" | "clockOffset">;

/** When each node was last known to run, and since when it is connected. */
export class NodeSigns {
  /** Of the present boot and of the one before it, by node. */
  readonly #nodes = new Map<string, { now: Signs; before: Signs | undefined }>();

  status(node: Node, arrivedAt: number): void {
    const { status } = node;
    if (status === null) return;
    const signs = this.#of(node, status.boot);
    // A will was written when the connection began; everything else says when it was said.
    const at = status.timestamp - correctionOf(node);
    if (status.state === "online") {
      // It may say so again on the same connection, when another has overwritten it.
      if (signs.connectedAt === undefined || status.conn > signs.conn) {
        signs.connectedAt = Math.min(at, arrivedAt);
        signs.conn = status.conn;
      }
      signs.lastAt = Math.max(signs.lastAt, signs.connectedAt);
      signs.graceful = false;
    } else if (status.reason !== undefined && status.reason !== CONNECTION_LOST) {
      signs.graceful = true;
      signs.lastAt = Math.max(signs.lastAt, Math.min(at, arrivedAt));
    }
  }

  stats(node: Node): void {
    const { stats } = node;
    if (stats === null) return;
    const signs = this.#of(node, stats.boot);
    signs.lastAt = Math.max(signs.lastAt, stats.timestamp - correctionOf(node));
  }

  /** After a restart of the historian. */
  resume(node: Node): void {
    this.stats(node);
    this.status(node, Number.POSITIVE_INFINITY);
  }

  connectedAt(node: Node): number | undefined {
    return this.#nodes.get(keyOf(node))?.now.connectedAt;
  }

  lastSign(node: Node, boot: number): number | undefined {
    const signs = this.#find(node, boot);
    return signs === undefined || signs.lastAt === 0 ? undefined : signs.lastAt;
  }

  /** How a boot ended, or is taken to have; of one that nothing is known of, at `otherwise`. */
  ending(node: Node, boot: number, otherwise: number): Ending {
    const signs = this.#find(node, boot);
    if (signs === undefined || signs.lastAt === 0) return { at: otherwise, graceful: false };
    return { at: Math.min(signs.lastAt, otherwise), graceful: signs.graceful };
  }

  forget(node: Node): void {
    this.#nodes.delete(keyOf(node));
  }

  #find(node: Node, boot: number): Signs | undefined {
    const known = this.#nodes.get(keyOf(node));
    return known?.now.boot === boot ? known.now : known?.before?.boot === boot ? known.before : undefined;
  }

  #of(node: Node, boot: number): Signs {
    const found = this.#find(node, boot);
    if (found !== undefined) return found;
    const before = this.#nodes.get(keyOf(node))?.now;
    const now: Signs = { boot, lastAt: 0, graceful: false, conn: 0, connectedAt: undefined };
    this.#nodes.set(keyOf(node), { now, before });
    return now;
  }
}

/** What to take off a time of the node's, ms. */
export function correctionOf({ clockOffset }: Pick<ConsumerNode, "clockOffset">): number {
  return clockCorrectionMs(clockOffset?.offsetMs ?? 0);
}

function keyOf({ domain, node }: Node): string {
  return `${domain}/${node}`;
}
