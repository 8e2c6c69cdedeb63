import type { ProductAccess } from "@fieldmesh/mesh-registry/client";
import { FailureError } from "../exit.js";
import { type Terminal, table, writeLine } from "../terminal.js";
import { facts, print, type RegistryOptions, when, withMesh } from "./registry.js";
import { shellWord } from "./shell-word.js";

export interface AccessOptions extends RegistryOptions {
  log?: boolean;
  renew?: boolean;
  consumer?: string;
}

/** What a consumer needs to read a product; `--renew` makes its password at the broker, `--log` shows who did what. */
export async function showAccess(product: string, options: AccessOptions, terminal: Terminal): Promise<void> {
  if (options.log === true) return showLog(product, options, terminal);
  if (options.renew === true) return renew(product, options, terminal);
  const access = await withMesh(options, terminal, (mesh) => mesh.products.access(product));
  await print(terminal, options, access, () => described(access));
}

async function showLog(product: string, options: AccessOptions, terminal: Terminal): Promise<void> {
  const entries = await withMesh(options, terminal, (mesh) => mesh.products.accessLog(product));
  const rows = entries.map(({ lastAt, who, what, allowed, count, via, reason }) => [
    when(lastAt),
    who,
    what,
    allowed ? "yes" : "no",
    String(count),
    via,
    reason,
  ]);
  await print(terminal, options, entries, () =>
    table([["LAST", "WHO", "WHAT", "ALLOWED", "TIMES", "VIA", "WHY"], ...rows]),
  );
}

async function renew(product: string, options: AccessOptions, terminal: Terminal): Promise<void> {
  const credential = await withMesh(options, terminal, async (mesh) => {
    const { consumer } = options;
    const query = { product, state: "approved", ...(consumer === undefined ? {} : { consumer }) };
    const [found, ...others] = await mesh.subscriptions.list(query);
    if (found === undefined) throw new FailureError(`there is no approved subscription of ${product}`);
    if (others.length > 0)
      throw new FailureError(`${product} has several consumers: say with --consumer whose password is meant`);
    return mesh.subscriptions.renewCredential(found.id);
  });
  if (options.json !== true)
    terminal.stderr.write("this password is shown this once; the one before is void\n");
  await print(terminal, options, credential, () =>
    facts([
      ["user", credential.username],
      ["password", credential.password],
      ["topics", credential.topics.join(" ")],
      ["try", subscribeLine(credential.urls[0], credential.username, credential.topics)],
    ]),
  );
}

function described({ product, may, mqtt, http }: ProductAccess): string {
  const lines = [
    facts([
      ["product", product],
      ["allowed", `${may.allowed ? "yes" : "no"}: ${may.reason}`],
      ["until", when(may.until)],
      ["user", mqtt?.username],
      ["broker", mqtt?.urls.join(" ")],
      ["topics", mqtt?.topics.join(" ")],
      ["door", mqtt === undefined ? "" : mqtt.open ? "open" : "closed: a subscription has to be approved"],
      ["trouble", mqtt?.reason],
      ...http.map(({ name, address }) => [`http ${name}`, address] as [string, string]),
    ]),
  ];
  if (mqtt !== undefined && mqtt.credential === "none") {
    lines.push("", `fieldmesh mesh access ${product} --renew   # makes its password at the broker`);
  }
  if (mqtt?.open === true) lines.push("", subscribeLine(mqtt.urls[0], mqtt.username, mqtt.topics));
  return lines.join("\n");
}

/** Ready to be copied; the password is asked from the environment, so that it is in no list of processes' history. */
function subscribeLine(url: string | undefined, username: string, topics: readonly string[]): string {
  const { hostname, port, protocol } = new URL(url ?? "mqtt://127.0.0.1:1883");
  const tls = protocol === "mqtts:" ? ["--capath", "/etc/ssl/certs"] : [];
  const words = ["mosquitto_sub", "-h", hostname, "-p", port === "" ? "1883" : port, ...tls, "-u", username];
  return [
    ...words.map(shellWord),
    "-P",
    '"$PASSWORD"',
    "-v",
    ...topics.flatMap((topic) => ["-t", shellWord(topic)]),
  ].join(" ");
}

export async function logAccess(
  product: string,
  options: RegistryOptions & { what?: string; consumer?: string },
  terminal: Terminal,
): Promise<void> {
  const { what, consumer } = options;
  const entry = await withMesh(options, terminal, (mesh) =>
    mesh.logAccess(product, {
      ...(what === undefined ? {} : { what }),
      ...(consumer === undefined ? {} : { consumer }),
    }),
  );
  if (options.json === true) await print(terminal, options, entry, () => "");
  else
    await writeLine(
      terminal.stdout,
      `${entry.who} ${entry.what} ${product}: ${entry.allowed ? "allowed" : "refused"}, ${entry.reason}`,
    );
}
