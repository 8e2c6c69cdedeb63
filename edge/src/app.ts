import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Closer,
  ConfigurationError,
  claimSlot,
  createMqttLink,
  FormatVersionError,
  type LinkRefusal,
  type MainContext,
  readEnvironment,
} from "@fieldmesh/runtime";
import { BUILT_IN_CONFIGS, loadNodeConfig } from "./config/load.js";
import { startNode } from "./node.js";

const NAMES = [
  "EDGE_CONFIG",
  "NODE_ID",
  "DOMAIN",
  "DATA_DIR",
  "MQTT_URL",
  "MQTT_USERNAME",
  "MQTT_PASSWORD",
  "MQTT_CA",
] as const;

/** The configuration of a node that was given none: this machine's own figures. */
const DEFAULT_CONFIG = "host";

/**
 * An edge node as a process: settings from the environment, identity from NODE_ID, the configuration or a slot.
 * @throws EnvironmentError, ConfigurationError, FolderHeldError.
 */
export async function runEdge(context: MainContext): Promise<Closer> {
  const { env, log } = context;
  const settings = readEnvironment(NAMES, env);
  // A built-in configuration goes by its name, which is no path.
  const builtIn = BUILT_IN_CONFIGS.find((name) => name === env["EDGE_CONFIG"]);
  const config = await loadNodeConfig(builtIn ?? settings.EDGE_CONFIG ?? DEFAULT_CONFIG, {
    ...(settings.NODE_ID !== undefined && { node: settings.NODE_ID }),
    ...(env["DOMAIN"] !== undefined && { domain: settings.DOMAIN }),
  });
  const root = join(settings.DATA_DIR, "edge");
  const slot = await claimSlot(root, { id: config.node }).catch(async (error: unknown) => {
    throw withoutRoom(await mkdirFailure(error), root);
  });
  const logger = log.child({ domain: config.domain, node: slot.id });
  const password = settings.MQTT_PASSWORD ?? slot.password;
  // A node's user at the broker is its own name, unless it was told another.
  const username = settings.MQTT_USERNAME ?? (password === undefined ? undefined : slot.id);
  const ca = settings.MQTT_CA === undefined ? undefined : await readFile(settings.MQTT_CA);
  const [urls = []] = settings.MQTT_URL;

  try {
    const node = await startNode(
      { ...config, node: slot.id },
      {
        folder: slot.folder,
        logger,
        broker: { url: urls.join(","), username, password, ca: settings.MQTT_CA },
        createLink: ({ clientId, will }) =>
          createMqttLink({
            urls,
            clientId,
            username,
            password,
            ca,
            log: logger,
            ...(will !== undefined && { will }),
            onRefused: (refusal: LinkRefusal) => logger.error(refusal, "the broker refused"),
          }),
        onStop: (reason) => context.stop(reason),
      },
    );
    return {
      close: async () => {
        await node.close();
        await slot.lock.release();
      },
    };
  } catch (error) {
    await slot.lock.release();
    if (error instanceof FormatVersionError) throw new ConfigurationError(error.message, { cause: error });
    throw withoutRoom(error, root);
  }
}

/** On a full disk a recursive `mkdir` of Node.js may say ENOENT; a plain one of the same folder says why. */
async function mkdirFailure(error: unknown): Promise<unknown> {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT" || syscall !== "mkdir" || path === undefined) return error;
  return await mkdir(path).then(
    () => error,
    (cause: unknown) => cause,
  );
}

/** A full disk costs a node its log and not its life, but for this: it must have a folder that no other has. */
function withoutRoom(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  const what = `no room for the node's folder in ${folder}: free some space there, or set DATA_DIR to another disk`;
  return new Error(what, { cause: error });
}
