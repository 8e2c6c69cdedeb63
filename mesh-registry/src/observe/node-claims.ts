import type { Birth, Status } from "@fieldmesh/protocol";

/** A process that speaks under a node's name. */
export interface Speaker {
  host: string;
  boot: number;
}

/** Two processes speak under one name. */
export interface NodeConflict {
  domain: string;
  node: string;
  /** Who spoke last first. */
  speakers: [Speaker, Speaker];
  /** When it was seen first, ms. */
  since: number;
  /** When it was seen last, ms. */
  seenAt: number;
}

interface Spoken {
  status: Pick<Status, "state" | "reason">;
  at: number;
}

interface Claim {
  domain: string;
  node: string;
  /** Undefined as long as only a status came. */
  now: Speaker | undefined;
  before: Speaker | undefined;
  /** When `now` took over from `before`, ms. */
  changedAt: number;
  /** `before` had said that it goes. */
  wasLeft: boolean;
  /** `now` was thrown off the broker soon after it took over, as happens when another of its name connects. */
  wasShaken: boolean;
  /** The newest word of the last boots. */
  statuses: Map<number, Spoken>;
  conflict: NodeConflict | undefined;
}

/** A node whose connection was lost this long ago may be another machine's by now, ms. */
const LOST_MS = 60_000;
/** So soon after it took over a node is thrown out by the one before, which connects again at once, ms. */
const SHAKEN_MS = 60_000;
/** A conflict of which nothing is seen for this long is over, ms. */
const CALM_MS = 120_000;
const STATUSES_KEPT = 4;
/** Of a status that the broker published for a node that was lost: its will. */
const LOST_REASON = "connection lost";

/**
 * Tells two processes under one name from one that was started again. A broker lets only one of a name be connected,
 * and a node that sees that it was replaced goes: so two of them are not seen side by side, but
 * - one machine takes over from another that never said it goes, or
 * - two take over from each other, or
 * - one that took over on the same machine is thrown off and comes back.
 *
 * Pure: time comes with what is told.
 */
export class NodeClaims {
  readonly #claims = new Map<string, Claim>();
  readonly #maxNodes: number;

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  /** @param live not one that the broker had kept: that says nothing of when */
  birth(birth: Pick<Birth, "domain" | "node" | "host" | "boot">, live: boolean, at: number): void {
    const { domain, node, host, boot } = birth;
    const speaker = { host, boot };
    const claim = this.#claimOf(domain, node);
    if (claim === undefined) return;
    if (claim.now === undefined) {
      claim.now = speaker;
      claim.changedAt = at;
      return;
    }
    if (isSame(claim.now, speaker)) {
      if (live && claim.wasShaken && claim.before !== undefined) this.#contest(claim, at);
      claim.wasShaken = false;
      return;
    }
    const { now: left, before } = claim;
    const wasLeft = hasLeft(claim.statuses.get(left.boot), at);
    const isBack = before !== undefined && (isSame(before, speaker) || takesTurns(before, left, speaker));
    const recent = at - claim.changedAt < LOST_MS;
    claim.before = left;
    claim.now = speaker;
    claim.changedAt = at;
    claim.wasLeft = wasLeft;
    claim.wasShaken = false;
    if (!live) return;
    if ((isBack && recent) || (!wasLeft && left.host !== host)) this.#contest(claim, at);
  }

  status(domain: string, node: string, status: Status, at: number): void {
    const claim = this.#claimOf(domain, node);
    if (claim === undefined) return;
    const { state, reason, boot } = status;
    claim.statuses.delete(boot);
    claim.statuses.set(boot, { status: reason === undefined ? { state } : { state, reason }, at });
    for (const oldest of claim.statuses.keys()) {
      if (claim.statuses.size <= STATUSES_KEPT) break;
      claim.statuses.delete(oldest);
    }
    if (
      state === "offline" &&
      reason === LOST_REASON &&
      boot === claim.now?.boot &&
      claim.before !== undefined &&
      !claim.wasLeft &&
      at - claim.changedAt < SHAKEN_MS
    ) {
      claim.wasShaken = true;
    }
  }

  /** Its topics were emptied: whoever speaks next begins. */
  removed(domain: string, node: string): void {
    this.#claims.delete(`${domain}/${node}`);
  }

  conflict(domain: string, node: string, now: number): NodeConflict | undefined {
    const conflict = this.#claims.get(`${domain}/${node}`)?.conflict;
    return conflict === undefined || isOver(conflict, now) ? undefined : conflict;
  }

  /** Takes those back that are over, and answers whose they were. To be called now and then. */
  settle(now: number): { domain: string; node: string }[] {
    const settled: { domain: string; node: string }[] = [];
    for (const claim of this.#claims.values()) {
      if (claim.conflict === undefined || !isOver(claim.conflict, now)) continue;
      claim.conflict = undefined;
      claim.before = undefined;
      settled.push({ domain: claim.domain, node: claim.node });
    }
    return settled;
  }

  *conflicts(now: number): Generator<NodeConflict> {
    for (const { conflict } of this.#claims.values()) {
      if (conflict !== undefined && !isOver(conflict, now)) yield conflict;
    }
  }

  #claimOf(domain: string, node: string): Claim | undefined {
    const key = `${domain}/${node}`;
    const known = this.#claims.get(key);
    if (known !== undefined || this.#claims.size >= this.#maxNodes) return known;
    const begun: Claim = {
      domain,
      node,
      now: undefined,
      before: undefined,
      changedAt: 0,
      wasLeft: false,
      wasShaken: false,
      statuses: new Map(),
      conflict: undefined,
    };
    this.#claims.set(key, begun);
    return begun;
  }

  #contest(claim: Claim, at: number): void {
    const { domain, node, now, before, conflict } = claim;
    if (now === undefined || before === undefined) return;
    claim.conflict = { domain, node, speakers: [now, before], since: conflict?.since ?? at, seenAt: at };
  }
}

function isSame(one: Speaker, other: Speaker): boolean {
  return one.host === other.host && one.boot === other.boot;
}

/** Two machines in turn, each begun anew by whoever looks after it. */
function takesTurns(before: Speaker, now: Speaker, next: Speaker): boolean {
  return before.host === next.host && now.host !== next.host;
}

/** It said that it goes, or has been lost for so long that another may have its name. */
function hasLeft(spoken: Spoken | undefined, at: number): boolean {
  if (spoken?.status.state !== "offline") return false;
  return spoken.status.reason !== LOST_REASON || at - spoken.at >= LOST_MS;
}

function isOver({ seenAt }: NodeConflict, now: number): boolean {
  return now - seenAt >= CALM_MS || now < seenAt - CALM_MS; // the clock may be set back
}
