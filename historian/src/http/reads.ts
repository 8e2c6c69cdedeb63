import type {
  HistoryEvent,
  HistoryGaps,
  HistoryStatus,
  HistoryStream,
  LossEntry,
  QualityReport,
} from "@fieldmesh/protocol";
import type { Appended, Sample, Series } from "@fieldmesh/storage";
import type { EventQuery } from "../events/event-history.js";

/** The configuration document as it is said here, without what the registry adds. */
export interface VersionedConfiguration {
  version: number;
  document: unknown;
}

/**
 * What the historian's HTTP side asks of the rest of it. Whatever cannot be answered because the store is away
 * rejects with an error of code `store_away` or `write_failed`: that becomes 503.
 */
export interface HistoryReads {
  series: Pick<Series, "range" | "latest" | "rollups">;
  /** Every stream of which something is kept or known, in any order. From memory: asked at nearly each request. */
  streams(): readonly HistoryStream[] | Promise<readonly HistoryStream[]>;
  stream(name: string): HistoryStream | undefined | Promise<HistoryStream | undefined>;
  events: {
    /** Newest first. */
    find(query: EventQuery): Promise<{ items: HistoryEvent[]; next?: string }>;
  };
  losses: {
    /** Newest first. */
    entries(
      stream: string,
      query: {
        from?: number | undefined;
        to?: number | undefined;
        after?: string | undefined;
        limit: number;
      },
    ): Promise<{ entries: LossEntry[]; next?: string }>;
    account(stream: string): HistoryGaps["account"] | Promise<HistoryGaps["account"]>;
  };
  quality: {
    /** Undefined of a stream that was not measured yet. */
    report(stream: string, now: number): QualityReport | undefined | Promise<QualityReport | undefined>;
  };
  configuration: {
    readonly current: VersionedConfiguration;
    /**
     * Puts a document in the place of that version; `undefined`: of whatever is there.
     * @returns what is in force then, or undefined when another version is.
     * @throws HttpProblem 422 naming each field that is wrong, 409 when it is kept elsewhere.
     */
    put(
      document: unknown,
      ifVersion: number | undefined,
      by: string,
    ): Promise<VersionedConfiguration | undefined>;
  };
  status(): Promise<HistoryStatus>;
  /** Appends, and has the rollups of that time remade. Resolves when the readings are safe. */
  importSamples(stream: string, samples: readonly Sample[]): Promise<Appended>;
}
