import type { IndexDeclarations } from "@fieldmesh/storage";
import type { Validity } from "../configuration/contract-of.js";
import type { Declaration } from "./declaration.js";
import type { FreshTimeJson } from "./fresh-time.js";
import type { NumberingJson } from "./numbering.js";

/** Documents are found by id only. */
export const MEASURE_INDEXES: IndexDeclarations = {};

/** Id of the {@link WatchDocument}: no stream is called so, as a stream's name has two `_`. */
export const WATCH_ID = "watch";

/** What was measured of one stream, kept over restarts under the stream's name. */
export interface StreamDocument {
  v: 1;
  /** When measuring of it began, or the earliest reading that came since was read, ms. */
  since: number;
  accounted: boolean;
  declaration: Declaration | null;
  promise: Promised;
  fresh: FreshTimeJson;
  numbering: NumberingJson;
  reasons: string[];
  /** Packed: {@link Packer}. */
  counts: string;
  faults: string;
  bad: string;
  delays: string;
}

/** Until when all streams were watched, ms: those whose documents did not change since are watched until then. */
export interface WatchDocument {
  v: 1;
  until: number;
}

export type MeasureDocument = StreamDocument | WatchDocument;

/** What was promised of a stream beyond its birth. */
export interface Promised {
  /** How old the newest good reading may be, ms. */
  freshWithinMs?: number;
  /** How long one may take from its reading to its arrival, ms. */
  timelyWithinMs?: number;
  /** What readings have to be by its contract; what that does not say, the birth says. */
  validity?: Validity;
}

/** A kept measurement is of a version that this program cannot read. */
export class MeasureVersionError extends Error {
  override readonly name = "MeasureVersionError";
  readonly code = "measure_version";

  constructor(id: string, version: unknown) {
    super(
      `measurement "${id}" of version ${JSON.stringify(version)}: expected 1; a newer program wrote it, run that one`,
    );
  }
}
