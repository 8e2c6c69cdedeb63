import { readdir, readFile } from "node:fs/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { folderHolder, plainMqttHost, readEnvironment } from "@fieldmesh/runtime";
import { FailureError, UsageError } from "../exit.js";
import { reachableHost } from "../start/ports.js";
import type { Terminal } from "../terminal.js";

const LIMIT_MS = 5_000;

/**
 * Whether a service of this machine, or of this container, is alive.
 * @throws FailureError when it is not
 */
export async function health(service: string | undefined, terminal: Terminal): Promise<void> {
  const which = service ?? (await serviceOfProcess1());
  if (which === "dashboard" || which === "historian" || which === "registry")
    await httpHealth(which, terminal);
  else if (which === "broker") await brokerHealth(terminal);
  else if (which === "edge") await edgeHealth(terminal);
  else
    throw new UsageError(`service "${which ?? ""}": expected broker, registry, historian, dashboard or edge`);
}

/** In a container process 1 is the service: the word after the command's path. */
async function serviceOfProcess1(): Promise<string | undefined> {
  const words = (await readFile("/proc/1/cmdline", "utf8")).split("\0");
  const at = words.findIndex((word) => /(^|\/)fieldmesh(\.js)?$/.test(word));
  return at === -1 ? undefined : words[at + 1];
}

function httpHealth(service: "dashboard" | "historian" | "registry", terminal: Terminal): Promise<void> {
  const { HOST, TLS_CERT, ...ports } = readEnvironment(
    ["HOST", "DASHBOARD_PORT", "HISTORIAN_PORT", "REGISTRY_PORT", "TLS_CERT"],
    terminal.env,
  );
  const port = {
    dashboard: ports.DASHBOARD_PORT,
    historian: ports.HISTORIAN_PORT,
    registry: ports.REGISTRY_PORT,
  }[service];
  const options = { host: reachableHost(HOST), port, path: "/healthz", timeout: LIMIT_MS };
  return new Promise((resolve, reject) => {
    const request =
      // Its own certificate may be for another name: whether it is alive is all that is asked.
      TLS_CERT === undefined ? requestHttp(options) : requestHttps({ ...options, rejectUnauthorized: false });
    request.on("response", (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new FailureError(`the ${service} answers /healthz with ${response.statusCode}`));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${LIMIT_MS / 1_000} s`)));
    request.on("error", (cause) => reject(new FailureError(`the ${service} does not answer`, { cause })));
    request.end();
  });
}

/** CONNECT of MQTT 3.1.1 without a user, client id "fm-health". */
const CONNECT_PACKET = Buffer.from([
  0x10,
  21,
  0,
  4,
  ...Buffer.from("MQTT"),
  4,
  0x02,
  0,
  10,
  0,
  9,
  ...Buffer.from("fm-health"),
]);

/** Any CONNACK, a refusal too, shows that the broker works; so no credential is needed. */
function brokerHealth(terminal: Terminal): Promise<void> {
  const env = readEnvironment(["HOST", "MQTT_PLAIN_HOST", "TLS_CERT", "MQTT_PORT"], terminal.env);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: reachableHost(plainMqttHost(env)), port: env.MQTT_PORT });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new FailureError(`the broker ${why}`));
    };
    socket.setTimeout(LIMIT_MS, () => fail(`does not answer within ${LIMIT_MS / 1_000} s`));
    socket.once("connect", () => socket.write(CONNECT_PACKET));
    socket.once("data", (data: Buffer) => {
      if (data[0] !== 0x20) return fail("answers with something else than MQTT");
      socket.end(Buffer.from([0xe0, 0])); // DISCONNECT
      resolve();
    });
    socket.once("error", (error) => fail(`does not answer: ${error.message}`));
    socket.once("close", () => fail("closed the connection without an answer"));
  });
}

/** A node holds its slot with a socket that its main thread answers on. */
async function edgeHealth(terminal: Terminal): Promise<void> {
  const root = join(readEnvironment(["DATA_DIR"], terminal.env).DATA_DIR, "edge");
  for (const slot of await readdir(root, { withFileTypes: true })) {
    if (!slot.isDirectory()) continue;
    const holder = await folderHolder(join(root, slot.name));
    // Slots may be shared between containers: only the one held from here counts.
    if (holder !== undefined && holder !== "unknown" && holder.host === hostname()) return;
  }
  throw new FailureError(`no edge node of this host holds a slot in ${root}`);
}
