import type { Dropped, Hello, NodeView, Role } from "@fieldmesh/protocol";
import { computed, signal } from "@preact/signals";
import { type AlarmBook, EMPTY_BOOK, isAcknowledged, worstByStream } from "./model/alarms.js";
import { type NodeKey, sortedKeys } from "./model/catalogue.js";
import { Streams } from "./streams.js";

/** What the page knows. Written by `link.ts` and `session.ts`, read by the views. */

export type Session =
  | { state: "unknown" }
  | { state: "signed-out"; message?: string }
  | {
      state: "signed-in";
      name: string;
      role: Role;
      /** Those that are the user's by what an administrator has said. */
      domains: readonly string[];
      required: boolean;
    };
export const session = signal<Session>({ state: "unknown" });

export type Connection =
  | { state: "connecting" }
  | { state: "connected" }
  /** Times by this machine's clock, ms. */
  | { state: "lost"; since: number; retryAt: number | undefined; reason: string };
export const connection = signal<Connection>({ state: "connecting" });

export const hello = signal<Hello | undefined>(undefined);
/** Absent until the server has told. */
export const nodes = signal<ReadonlyMap<NodeKey, NodeView> | undefined>(undefined);
export const book = signal<AlarmBook>(EMPTY_BOOK);
export const dropped = signal<Dropped | undefined>(undefined);
export const streams = new Streams();

/** Someone else may sign in next: nothing that this user saw stays. */
export function forgetEverything(): void {
  hello.value = undefined;
  nodes.value = undefined;
  book.value = EMPTY_BOOK;
  dropped.value = undefined;
}

export const keys = computed(() => sortedKeys(nodes.value ?? new Map<NodeKey, NodeView>()));
/** The worst standing alarm of each stream. */
export const worst = computed(() => worstByStream(book.value.standing.values()));
export const unacknowledged = computed(
  () => [...book.value.standing.values()].filter((alarm) => !isAcknowledged(alarm)).length,
);
export const domains = computed(() =>
  [...new Set([...(nodes.value?.values() ?? [])].map((node) => node.domain))].sort(),
);

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether the user may do what that role may. The server decides; this only hides what it would refuse. */
export function may(role: Role): boolean {
  const now = session.value;
  return now.state === "signed-in" && RANK[now.role] >= RANK[role];
}
