import type { AlarmEvent, Birth, Stats, Status, StreamLedgerJson } from "@fieldmesh/protocol";

/** What a consumer keeps over its own restart, as JSON. */
export interface ConsumerState {
  v: 1;
  nodes: {
    domain: string;
    node: string;
    birth: Birth | null;
    status: Status | null;
    stats: Stats | null;
    statusAt: number | null;
    lastHeardAt: number | null;
    streams: { sensor: string; accounted: boolean; ledger: StreamLedgerJson }[];
  }[];
  alarms: { domain: string; node: string; sensor: string; event: AlarmEvent; expiresAt?: number }[];
}

/** A kept state is of a version that this program cannot read. */
export class ConsumerStateError extends Error {
  override readonly name = "ConsumerStateError";
  readonly code = "consumer_state";

  constructor(version: unknown) {
    super(`consumer state of version ${JSON.stringify(version)}: expected 1; a newer program wrote it`);
  }
}
