import { dirname, join } from "node:path";
import { addUser, listUsers, readEnvironment } from "@fieldmesh/runtime";
import { addTopicReader } from "../credentials/credentials.js";
import { ensureDynamicSecurityFile } from "../credentials/dynamic-security-file.js";
import { credentialFiles, type FileOptions } from "../credentials/paths.js";
import { readIfThere, writePrivateFile } from "../credentials/private-file.js";
import { generateSecret } from "../credentials/secret.js";
import { ensureServiceCredential } from "../credentials/service-credential.js";
import { ensureServiceToken } from "../credentials/service-token.js";
import { makeSlots } from "../credentials/slots.js";
import { inTurn } from "../credentials/turn.js";
import { type Terminal, writeLine } from "../terminal.js";
import { usersFile } from "../users/users.js";

export interface SetupOptions extends FileOptions {
  /** Of Mosquitto's plugin; our broker needs none to start. */
  dynamicSecurityFile?: string;
  slots: number;
  prefix: string;
  domain: string;
}

/** The first person, who adds the others. */
const FIRST_USER = "admin";
/** What the broker's health check signs in as, and the one topic that it may read. */
const HEALTH_USER = "health";
export const HEALTH_TOPIC = "$SYS/broker/uptime";

/**
 * Makes what services in containers need before they start: credentials of the services and of the health check,
 * identities for edge nodes, and the first user of the dashboard, whose password is printed this one time. What is
 * there already stays.
 */
export async function setup(options: SetupOptions, terminal: Terminal): Promise<void> {
  const files = credentialFiles(options, terminal);
  const { DATA_DIR, PUBLIC_URL, DASHBOARD_PORT } = readEnvironment(
    ["DATA_DIR", "PUBLIC_URL", "DASHBOARD_PORT"],
    terminal.env,
  );
  for (const service of ["dashboard", "historian", "registry"]) {
    await ensureServiceCredential(files, service, join(DATA_DIR, service, "mqtt.password"));
  }
  await ensureServiceToken(
    ["historian", "registry"].map((service) => join(DATA_DIR, service, "service.token")),
  );
  await ensureHealthUser(files);
  const { dynamicSecurityFile } = options;
  if (dynamicSecurityFile !== undefined) await ensureDynamicSecurityFile(dynamicSecurityFile, files.owner);
  const slots = await makeSlots(files, {
    count: options.slots,
    prefix: options.prefix,
    domain: options.domain,
    root: join(DATA_DIR, "edge"),
  });
  const password = await ensureFirstUser(usersFile({}, terminal));
  const address = PUBLIC_URL?.href ?? `http://localhost:${DASHBOARD_PORT}`;
  const lines = [
    `Credentials: ${files.passwordFile}, ${files.aclFile}`,
    `Edge identities: ${slots.made.length} made, ${slots.kept.length} kept`,
    `Dashboard: ${address}`,
    password === undefined
      ? `Sign in with a user of before; "users add ${FIRST_USER} --role admin --replace --generate" sets a new password.`
      : `Sign in as "${FIRST_USER}" with the password ${password} (shown this once)`,
  ];
  await writeLine(terminal.stdout, lines.join("\n"));
}

async function ensureHealthUser(files: Parameters<typeof addTopicReader>[0]): Promise<void> {
  const path = join(dirname(files.passwordFile), "health.password");
  const known = (await readIfThere(path)) !== "";
  const { password } = await addTopicReader(files, HEALTH_USER, HEALTH_TOPIC, { renew: !known });
  if (password !== undefined) await writePrivateFile(path, `${password}\n`, files.owner);
}

/** The password of the user that was made, or undefined when there are users already. */
async function ensureFirstUser(file: string): Promise<string | undefined> {
  return inTurn(file, async () => {
    if ((await listUsers(file)).length > 0) return undefined;
    const password = generateSecret();
    await addUser(file, { name: FIRST_USER, role: "admin", password });
    return password;
  });
}
