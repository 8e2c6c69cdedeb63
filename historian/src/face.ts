import {
  type AllowedHosts,
  addSessionRoutes,
  createHttpApp,
  createSignIn,
  HttpProblem,
  type Log,
  listen,
  Owned,
} from "@fieldmesh/runtime";
import type { ReadGuard } from "./access/read-guard.js";
import type { HistoryReads } from "./http/reads.js";
import { historyRoutes } from "./http/routes.js";
import type { HistorianOptions } from "./options.js";
import { VERSION } from "./version.js";

export interface FaceOptions {
  options: HistorianOptions;
  log: Log;
  clock: () => number;
  reads: HistoryReads;
  guard: ReadGuard;
  health: () => { ok: boolean } & Record<string, unknown>;
}

/** Of the configuration: some thousand streams of which each has promises of its own. */
const MAX_JSON_BYTES = 1_048_576;

/** The side of the historian that is asked: HTTP, with the same users as the dashboard. */
export async function startFace({ options, log, clock, reads, guard, health }: FaceOptions): Promise<{
  url: string;
  port: number;
  close(): Promise<void>;
}> {
  const owned = new Owned();
  const hosts: AllowedHosts = { publicUrl: options.publicUrl, allowedHosts: options.allowedHosts ?? [] };
  const signIn = createSignIn({
    usersFile: options.usersFile,
    host: options.host,
    publicUrl: options.publicUrl,
    tls: options.tls !== undefined,
    log,
    serviceToken: options.serviceToken,
  });
  owned.own(() => Promise.resolve(signIn.close()));
  const app = createHttpApp({
    log,
    hosts,
    https: options.tls !== undefined || options.publicUrl?.protocol === "https:",
    maxBodyBytes: MAX_JSON_BYTES,
    health: () => Promise.resolve({ version: VERSION, ...health() }),
    routes: (router) => {
      addSessionRoutes(router, "/api/session", signIn);
      router.use(historyRoutes({ signIn, reads, guard, log, version: VERSION, clock }));
      router.use("/api", () => {
        throw new HttpProblem(404, "not_found", "there is no such part of the interface");
      });
    },
  });
  const listener = await listen(app, {
    host: options.host,
    port: options.port,
    variable: "HISTORIAN_PORT",
    tls: options.tls,
    longRequests: true, // files of readings that are imported
    log,
  });
  owned.own(() => listener.close());
  return { url: listener.url, port: listener.port, close: () => owned.close() };
}
