import { hostname } from "node:os";
import { dirname } from "node:path";
import {
  type ConsumerClock,
  type Log,
  lockFolder,
  Owned,
  RestartRequest,
  type StorageAddress,
} from "@fieldmesh/runtime";
import { acquireLease, type Lease, type LeaseDocument, StoreAwayError } from "@fieldmesh/storage";
import { AccessReporter } from "./access/access-reporter.js";
import { ReadGuard } from "./access/read-guard.js";
import { type Configuration, createConfiguration } from "./configuration/configuration.js";
import { Duty, type DutyOptions } from "./duty.js";
import { startFace } from "./face.js";
import type { HistorianOptions, HistorianWorld } from "./options.js";
import { openParts, type Parts } from "./parts.js";
import { createReads } from "./reads.js";
import { type Recorder, startRecorder } from "./recorder.js";
import { openStores } from "./stores.js";
import { startWriter, type Writer } from "./writer.js";

export interface Historian {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the historian: takes up what it kept, listens, connects to the brokers.
 * @throws ConfigurationError, FolderHeldError, StorageError and others that name what to change
 */
export async function startHistorian(options: HistorianOptions, world: HistorianWorld): Promise<Historian> {
  const owned = new Owned();
  try {
    const { url, port } = await compose(options, world, owned);
    return { url, port, close: () => owned.close() };
  } catch (error) {
    await owned.close();
    throw error;
  }
}

async function compose(
  options: HistorianOptions,
  { log, clock = Date.now, openStores: open = openStores, stop = () => undefined }: HistorianWorld,
  owned: Owned,
): Promise<{ url: string; port: number }> {
  const { folder } = options;
  const lock = await lockFolder(folder, "historian");
  owned.own(() => lock.release());
  const configuration = await createConfiguration({
    file: options.configFile,
    registryUrl: options.registryUrl,
    serviceToken: options.serviceToken,
    folder,
    log,
  });
  owned.own(() => configuration.close());
  const address: StorageAddress = options.storage ?? { kind: "folder", path: dirname(folder) };
  const stores = await open(address, folder, log);
  owned.own(() => stores.close());
  const times: ConsumerClock = { now: clock, monotonic: () => performance.now() };
  const parts = await openParts(stores, { configuration, clock: times, log });
  const begin = (lease?: Pick<Lease, "held">): Promise<Writer> =>
    startWriter({ options, parts, clock: times, log, mayWrite: () => lease?.held !== false });
  let writer: () => Writer | undefined;
  let listening: () => Pick<Writer, "links" | "ingest"> | undefined;
  if (address.kind === "folder") {
    const only = await begin(); // nobody else can have the folder
    owned.own(() => only.close());
    writer = listening = () => only;
  } else {
    const record = (): Promise<Recorder> => startRecorder({ options, parts, clock: times, log });
    const duty = await createDuty({ parts, clock: times, record, begin, stop, log });
    owned.own(() => duty.close());
    duty.start();
    writer = () => duty.writer;
    listening = () => duty.listening;
  }
  const reporter = createReporter(options, clock, log);
  owned.own(async () => await reporter?.close());
  const guard = new ReadGuard({
    rules: () => configuration.access,
    onChange: (listener) => configuration.onAccess(listener),
    productOf: (stream) => configuration.contract(stream).product,
    record: reporter === undefined ? undefined : (event) => reporter.record(event),
    clock,
    log,
  });
  const face = await startFace({
    options,
    log,
    clock,
    reads: createReads(parts, { writes: () => writer() !== undefined, listening }),
    guard,
    health: () => ({ ...healthOf(writer()), ...accessHealth(configuration, reporter) }),
  });
  owned.own(() => face.close());
  configuration.start();
  reporter?.start();
  return face;
}

/** Without a registry nobody wants to know. */
function createReporter(
  { registryUrl, serviceToken }: HistorianOptions,
  clock: () => number,
  log: Log,
): AccessReporter | undefined {
  if (registryUrl === undefined) return undefined;
  return new AccessReporter({ url: registryUrl, token: serviceToken, clock, log });
}

function accessHealth(
  { access, problem }: Pick<Configuration, "access" | "problem">,
  reporter: AccessReporter | undefined,
): Record<string, unknown> {
  if (reporter === undefined) return {};
  const registry = problem === undefined ? {} : { problem };
  return { access: { rules: access.kind, ...reporter.counts, ...registry } };
}

/** With a store that several instances can reach, one of them writes. */
async function createDuty({
  parts,
  clock,
  record,
  begin,
  stop,
  log,
}: Pick<DutyOptions, "record" | "begin" | "stop" | "log"> & {
  parts: Parts;
  clock: ConsumerClock;
}): Promise<Duty> {
  const collection = await parts.storage.collection<LeaseDocument>("lease", {});
  return new Duty({
    acquire: (onLost) =>
      acquireLease({
        collection,
        name: "writer",
        holder: `historian on ${hostname()}, pid ${process.pid}`,
        clock,
        log,
        onLost,
      }),
    reach: () => parts.checkpoint.reach(),
    record,
    begin: async (lease) => {
      await parts.checkpoint.reach();
      try {
        return await begin(lease);
      } catch (error) {
        if (!(error instanceof StoreAwayError)) throw error;
        // Half of it is taken up: a fresh process begins anew.
        throw new RestartRequest("the store went away while what was left was taken up", { cause: error });
      }
    },
    follow: async () => {
      await parts.shared.take();
      await parts.catalogue.restore();
      await parts.measurement.restore();
    },
    stop,
    log,
  });
}

function healthOf(writer: Writer | undefined): { ok: boolean } & Record<string, unknown> {
  if (writer === undefined) return { ok: true, role: "standby" };
  const { ingest, checkpointAt } = writer;
  return {
    ok: !ingest.stuck,
    role: "writer",
    ...(checkpointAt === undefined ? {} : { checkpoint: new Date(checkpointAt).toISOString() }),
    ...(ingest.failure === undefined ? {} : { reason: ingest.failure.message }),
  };
}
