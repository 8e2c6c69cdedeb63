import { type AllowedHosts, createHttpApp, createSignIn, type Log, listen, Owned } from "@fieldmesh/runtime";
import { type BesideCatalogue, registryRoutes } from "./http/routes.js";
import { seedErrors } from "./http/seed/envelope.js";
import { createHistorianReader } from "./http/seed/historian-reader.js";
import type { RegistryOptions } from "./options.js";
import type { Catalogue } from "./store/catalogue.js";
import { VERSION } from "./version.js";

/** A JSON Schema of some thousand lines. */
const MAX_JSON_BYTES = 262_144;

/** The side of the registry that is asked: HTTP, with the same users as the dashboard. */
export async function startFace(
  options: RegistryOptions,
  catalogue: Catalogue,
  log: Log,
  beside: BesideCatalogue,
): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const owned = new Owned();
  try {
    const hosts: AllowedHosts = { publicUrl: options.publicUrl, allowedHosts: options.allowedHosts ?? [] };
    const signIn = createSignIn({
      usersFile: options.usersFile,
      host: options.host,
      publicUrl: options.publicUrl,
      tls: options.tls !== undefined,
      log,
      apiKeys: catalogue.keys,
      serviceToken: options.serviceToken,
    });
    owned.own(() => Promise.resolve(signIn.close()));
    const app = createHttpApp({
      log,
      hosts,
      ...(options.allowedOrigins === undefined ? {} : { allowedOrigins: options.allowedOrigins }),
      https: options.tls !== undefined || options.publicUrl?.protocol === "https:",
      maxBodyBytes: MAX_JSON_BYTES,
      health: () => Promise.resolve({ ok: true, version: VERSION }),
      routes: (router) => {
        const historian = createHistorianReader({ url: options.historianUrl, token: options.serviceToken });
        const { rate } = options;
        router.use(registryRoutes({ signIn, catalogue, log, version: VERSION, rate, historian, ...beside }));
        router.use(seedErrors);
      },
    });
    const listener = await listen(app, {
      host: options.host,
      port: options.port,
      variable: "REGISTRY_PORT",
      tls: options.tls,
      log,
    });
    owned.own(() => listener.close());
    return { url: listener.url, port: listener.port, close: () => owned.close() };
  } catch (error) {
    await owned.close();
    throw error;
  }
}
