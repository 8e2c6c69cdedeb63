import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createMqttLink, createStreamConsumer, type MqttLink, Owned } from "@fieldmesh/runtime";
import { Ingest } from "./ingest/ingest.js";
import { sampleOf } from "./ingest/sample.js";
import { Spill } from "./ingest/spill.js";
import type { WriterOptions } from "./writer.js";

/** Listens while the store cannot be reached yet. */
export interface Recorder {
  readonly links: readonly MqttLink[];
  readonly ingest: Ingest;
  /** Resolves when all that came is on disk. */
  close(): Promise<void>;
}

/** So much is lost by a kill at most, and asked for again. */
const SPILL_MS = 1_000;
const CLOSE_MS = 1_000;

/**
 * Puts on disk what comes before the store was reached: what had been kept, and with it which readings are missing,
 * is not known yet. When it is, these readings wait as any do that came while the store was away. Events wait in
 * memory.
 */
export async function startRecorder({
  options,
  parts,
  clock,
  log,
}: Omit<WriterOptions, "mayWrite">): Promise<Recorder> {
  const owned = new Owned();
  const { spill } = await Spill.open({
    folder: join(options.folder, "spill"),
    log,
    ...(options.spillBytes === undefined ? {} : { maxBytes: options.spillBytes }),
  });
  const ingest = new Ingest({
    series: { append: () => Promise.reject(new Error("the store has not been reached yet")) },
    spill,
    log,
    monotonic: () => clock.monotonic(),
    ...(options.ingest === undefined ? {} : { limits: options.ingest }),
    onStored: () => undefined,
    // Who explains losses has not taken up its books: the nodes are asked for these.
    onDropped: () => undefined,
  });
  owned.own(() => ingest.close(CLOSE_MS));
  // Another one may write by now: no two may have one client id.
  const links = options.brokers.map((urls) =>
    createMqttLink({ urls, clientId: `fm_historian_${randomUUID().slice(0, 8)}`, ...options.mqtt, log }),
  );
  const consumer = createStreamConsumer({
    links,
    by: "historian",
    log,
    clock,
    resend: false,
    measureClocks: true,
    onReading: (arrived) => ingest.push(arrived.name, sampleOf(arrived)),
    onEvent: (arrived) => {
      const { domain, node } = arrived.stream;
      parts.events.record(arrived, consumer.node(domain, node)?.clockOffset?.offsetMs);
    },
  });
  owned.every(SPILL_MS, () => {
    ingest.settle().catch(() => undefined); // closed in the midst: closing tells
  });
  consumer.start();
  owned.own(() => consumer.close());
  log.info("the store is away: readings are put on disk until it is there");
  return { links, ingest, close: () => owned.close() };
}
