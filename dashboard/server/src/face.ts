import { randomUUID } from "node:crypto";
import type { Dropped, Hello, HttpApi } from "@fieldmesh/protocol";
import {
  type AllowedHosts,
  addSessionRoutes,
  createHttpApp,
  createSignIn,
  HttpProblem,
  type Log,
  listen,
  type MqttLink,
  Owned,
  type StreamConsumer,
} from "@fieldmesh/runtime";
import { Actions } from "./actions.js";
import type { AlarmBook } from "./alarms/book.js";
import type { BrokerStates } from "./broker-states.js";
import { BrowserHub } from "./browsers/hub.js";
import { createBrowserServer } from "./browsers/server.js";
import type { Catalogue } from "./catalogue/catalogue.js";
import type { DroppedCounter } from "./dropped.js";
import { apiRoutes } from "./http/api.js";
import { HISTORIAN, REGISTRY } from "./http/forwarded-services.js";
import { createForwarding } from "./http/forwarding.js";
import { serveWeb, webFolder } from "./http/static.js";
import type { Live } from "./live.js";
import type { Notifier } from "./notify/notifier.js";
import type { DashboardOptions } from "./options.js";
import { VERSION } from "./version.js";
import type { Windows } from "./window/windows.js";

export interface FaceOptions {
  options: DashboardOptions;
  log: Log;
  clock: () => number;
  parts: {
    consumer: StreamConsumer;
    links: readonly MqttLink[];
    windows: Windows;
    catalogue: Catalogue;
    alarms: AlarmBook;
    live: Live;
    dropped: DroppedCounter;
    notifier: Notifier;
  };
  brokers: BrokerStates;
  /** What keeps the dashboard from keeping its promises, in a word; undefined while nothing does. */
  trouble: () => string | undefined;
}

/** The side of the dashboard that people see: HTTP, the browser app, and Socket.IO, on one port. */
export async function startFace({ options, log, clock, parts, brokers, trouble }: FaceOptions): Promise<{
  url: string;
  port: number;
  close(): Promise<void>;
}> {
  const { consumer, links, windows, catalogue, alarms, live, dropped, notifier } = parts;
  const owned = new Owned();
  const https = options.tls !== undefined || options.publicUrl?.protocol === "https:";
  const hosts: AllowedHosts = { publicUrl: options.publicUrl, allowedHosts: options.allowedHosts ?? [] };
  const signIn = createSignIn({
    usersFile: options.usersFile,
    host: options.host,
    publicUrl: options.publicUrl,
    tls: options.tls !== undefined,
    log,
  });
  owned.own(() => Promise.resolve(signIn.close()));

  const epoch = randomUUID();
  const hello = (user: Hello["user"]): Hello => ({
    epoch,
    version: VERSION,
    user,
    now: clock(),
    windowMs: options.config.window.length,
    maxReadings: options.config.window.readings,
    frameMs: options.config.frameEvery,
    brokers: brokers.view(),
    history: options.historian !== undefined,
    mesh: options.registry !== undefined,
  });
  const droppedView = (): Dropped => {
    const own = dropped.view(notifier.views());
    const { total, byCause } = consumer.dropped;
    const causes = { ...own.byCause };
    for (const [cause, count] of Object.entries(byCause)) causes[cause] = (causes[cause] ?? 0) + count;
    const recent = [...own.recent, ...consumer.dropped.recent()].sort((one, other) => other.at - one.at);
    return { ...own, total: own.total + total, byCause: causes, recent: recent.slice(0, 100) };
  };
  const state = (user: Hello["user"]): HttpApi["state"] => ({
    hello: hello(user),
    catalogue: catalogue.full(),
    alarms: alarms.full(),
    dropped: droppedView(),
  });
  const health = (): Promise<{ ok: boolean } & Record<string, unknown>> => {
    const wrong = trouble();
    const connected = brokers.view().map((broker) => broker.connected);
    return Promise.resolve({
      ok: wrong === undefined,
      version: VERSION,
      brokers: connected,
      ...(wrong === undefined ? {} : { reason: wrong }),
    });
  };

  const forwarded = [
    createForwarding(HISTORIAN, { signIn, to: options.historian }),
    createForwarding(REGISTRY, { signIn, to: options.registry }),
  ];
  for (const each of forwarded) owned.own(() => Promise.resolve(each.close()));
  const actions = new Actions({ consumer, links, alarms, live, clock, log });
  const app = createHttpApp({
    log,
    hosts,
    https,
    health,
    unreadBelow: [HISTORIAN.path, REGISTRY.path],
    routes: (router) => {
      addSessionRoutes(router, "/api/session", signIn);
      for (const each of forwarded) router.use(each.router);
      router.use(apiRoutes({ signIn, actions, notifier, windows, state, clock }));
      router.use("/api", () => {
        throw new HttpProblem(404, "not_found", "there is no such part of the interface");
      });
      router.use(serveWeb(options.web ?? webFolder()));
    },
  });
  const listener = await listen(app, {
    host: options.host,
    port: options.port,
    variable: "DASHBOARD_PORT",
    tls: options.tls,
    longRequests: true, // files of readings that are imported
    log,
  });
  owned.own(() => listener.close());

  const io = createBrowserServer({
    http: listener.server,
    hosts,
    signIn,
    maxBrowsers: options.config.browsers,
    log,
  });
  const hub = new BrowserHub({
    io,
    windows,
    catalogue,
    alarms,
    hello,
    helloRevision: () => brokers.revision,
    dropped: droppedView,
    droppedRevision: () => dropped.revision + consumer.dropped.total,
    refused: (detail) => dropped.count("(browser)", "browser", detail, clock()),
    clock,
    frameMs: options.config.frameEvery,
  });
  owned.own(async () => {
    hub.close();
    // Not io.close(): that would close the listener too, which its owner does.
    io.engine.close();
    await Promise.resolve();
  });
  hub.start();
  return { url: listener.url, port: listener.port, close: () => owned.close() };
}
