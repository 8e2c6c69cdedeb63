import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import {
  createMqttLink,
  type Log,
  lockFolder,
  type MqttLink,
  Owned,
  RestartRequest,
  type StorageAddress,
} from "@fieldmesh/runtime";
import { acquireLease, type LeaseDocument, openStorage, type Storage } from "@fieldmesh/storage";
import { keepDoors } from "./access/door-keeper.js";
import { Expiry } from "./access/expiry.js";
import { createAnnouncer } from "./announce/announcer.js";
import { announceProducts } from "./announce/product-pointers.js";
import { createBrokerAccess } from "./broker-access/broker-access.js";
import { createCompliance } from "./compliance/compliance.js";
import { startFace } from "./face.js";
import { writeFirstKey } from "./first-key.js";
import { HistorianConfiguration } from "./historian-configuration/historian-configuration.js";
import type { BrokerHealth } from "./observe/broker-health.js";
import { createObservation, type Observation } from "./observe/observation.js";
import { createQualityBoard } from "./observe/quality-board.js";
import type { RegistryOptions, RegistryWorld } from "./options.js";
import { openNodePasswords } from "./provisioning/node-credential.js";
import { createProvisioner } from "./provisioning/provisioner.js";
import { createReports } from "./report/reports.js";
import { openCatalogue } from "./store/catalogue.js";

/** What nodes are told where this registry has no broker itself. */
const DEFAULT_BROKER = "mqtt://127.0.0.1:1883";

export interface Registry {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the registry: reads what it recorded, and listens. With a store that several instances can reach it
 * listens once it is the one that may write.
 * @throws ConfigurationError, FolderHeldError, StorageError and others that name what to change
 */
export async function startRegistry(options: RegistryOptions, world: RegistryWorld): Promise<Registry> {
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
  options: RegistryOptions,
  { log, clock = Date.now, stop = () => undefined }: RegistryWorld,
  owned: Owned,
): Promise<{ url: string; port: number }> {
  const { folder } = options;
  const lock = await lockFolder(folder, "registry");
  owned.own(() => lock.release());
  const address: StorageAddress = options.storage ?? { kind: "folder", path: dirname(folder) };
  const storage = await openStorage({
    address,
    service: "registry",
    log,
    // This process has it already.
    hold: (path, holder) =>
      resolve(path) === resolve(folder)
        ? Promise.resolve({ release: () => Promise.resolve() })
        : lockFolder(path, holder),
  });
  owned.own(() => storage.close());
  if (address.kind === "mongodb") await becomeWriter(storage, owned, { log, clock, stop });
  const catalogue = await openCatalogue({ storage, clock, limits: options.limits, log });
  owned.own(() => catalogue.accessLog.close());
  owned.own(() => catalogue.keys.close());
  await writeFirstKey(catalogue.keys, folder, log);
  const expiry = new Expiry({ ...catalogue, clock, log });
  owned.own(() => expiry.close());
  await expiry.start();
  const provisioner = createProvisioner({
    ...catalogue,
    clock,
    passwords: await openNodePasswords(folder),
    broker: options.publicBrokers?.[0] ?? options.broker?.urls[0] ?? DEFAULT_BROKER,
  });
  await provisioner.resume();
  const link = createLink(options, log);
  // The broker may be away, or come later: nothing waits for it.
  owned.own(async () => await link?.close());
  const announcer = createAnnouncer({ link, log });
  owned.own(() => Promise.resolve(announcer.close()));
  const observation = createObservation({ link, catalogue, clock, log });
  owned.own(() => observation.close());
  const historianConfiguration = new HistorianConfiguration({
    catalogue,
    index: observation.index,
    collection: await storage.collection("historian-configuration", {}),
    log,
  });
  await historianConfiguration.start();
  const brokers = options.publicBrokers ?? options.broker?.urls ?? [];
  const door = link === undefined ? undefined : createBrokerAccess({ link, log });
  owned.own(async () => await door?.close());
  const broker = (): BrokerHealth => brokerHealth(link, observation);
  const board = createQualityBoard({ link, clock, log });
  const stopHearing = board.onReport(({ stream }) => {
    if (observation.index.heard(stream)) historianConfiguration.heard(stream);
  });
  owned.own(() => Promise.resolve(stopHearing()));
  const compliance = createCompliance({ catalogue, board, announcer, clock, log });
  owned.own(() => compliance.close());
  const reports = createReports({ catalogue, compliance, clock });
  const face = await startFace(options, catalogue, log, {
    broker,
    provisioner,
    brokers,
    door,
    addresses: { ...options, brokers },
    observation,
    historianConfiguration,
    compliance,
    reports,
  });
  owned.own(() => face.close());
  // Whoever waits for a change is sent away first: nothing holds up an orderly end.
  owned.own(() => historianConfiguration.close());
  const stopAnnouncing = announceProducts({ announcer, catalogue, hrefOf: hrefOf(options, face.url) });
  owned.own(() => Promise.resolve(stopAnnouncing()));
  observation.start();
  compliance.start();
  if (door !== undefined) owned.own(keepDoors({ access: catalogue.access, door, log }));
  link?.start();
  announcer.start();
  return face;
}

/** As others reach it: through the dashboard, where it is known how that is reached. */
function hrefOf({ publicUrl }: RegistryOptions, url: string): (id: string) => string {
  const base = publicUrl === undefined ? url : new URL("api/mesh", publicUrl).href;
  return (id) => `${base}/products/${id}`;
}

function createLink({ broker }: RegistryOptions, log: Log): MqttLink | undefined {
  if (broker === undefined) return undefined;
  return createMqttLink({ ...broker, clientId: "fm_registry", log });
}

function brokerHealth(link: MqttLink | undefined, { births }: Pick<Observation, "births">): BrokerHealth {
  if (link === undefined) return { connected: false, reason: "no broker is configured" };
  const { url, connected } = link;
  const health = { connected, url, births: { ...births } };
  return connected ? health : { ...health, reason: "the broker cannot be reached" };
}

/** What is in memory is true only for who writes: another instance waits here until that one is gone. */
async function becomeWriter(
  storage: Storage,
  owned: Owned,
  { log, clock, stop }: Required<RegistryWorld>,
): Promise<void> {
  const lease = acquireLease({
    collection: await storage.collection<LeaseDocument>("lease", {}),
    name: "writer",
    holder: `registry on ${hostname()}, pid ${process.pid}`,
    clock: { now: clock, monotonic: () => performance.now() },
    log: log satisfies Log,
    onLost: () => stop(new RestartRequest("another instance may write now: this one begins anew")),
  });
  owned.own(() => lease.release());
  if (!lease.held) log.info("waits until it may write");
  await lease.whenHeld;
}
