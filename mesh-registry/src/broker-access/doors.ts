import type { Log } from "@fieldmesh/runtime";
import { z } from "zod";
import { BrokerAccessError } from "./broker-access-error.js";
import type { Command, CommandLine } from "./command-line.js";
import { carryOut } from "./consumer-door.js";
import { consumerOf, credentialName } from "./credential-name.js";

/** Names in one answer: of the longest, 200 are a fifth of a megabyte. */
const PAGE = 200;
/** Of a directory that grows while it is read. */
const MAX_PAGES = 2_000;

const names = z.object({ clients: z.array(z.string()).optional(), roles: z.array(z.string()).optional() });
const defaults = z.object({ acls: z.array(z.object({ acltype: z.string(), allow: z.boolean() })) });

/** Consumers that have a client or a role at the broker. @throws BrokerAccessError */
export async function listDoors(line: CommandLine): Promise<Set<string>> {
  const all = [...(await listNames(line, "listClients")), ...(await listNames(line, "listRoles"))];
  return new Set(all.map(consumerOf).filter((consumer) => consumer !== undefined));
}

async function listNames(line: CommandLine, command: string): Promise<string[]> {
  const all: string[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const data = await ask(line, { command, count: PAGE, offset: all.length }, names);
    const found = data.clients ?? data.roles ?? [];
    all.push(...found);
    if (found.length < PAGE) break;
  }
  return all;
}

/** @throws BrokerAccessError */
export async function deleteDoors(line: CommandLine, consumers: readonly string[]): Promise<void> {
  for (const name of consumers.map(credentialName)) {
    // Each of the two may be missing.
    await line.send([
      { command: "deleteClient", username: name },
      { command: "deleteRole", rolename: name },
    ]);
  }
}

/**
 * Closes what the plugin leaves open to clients without a rule, unless somebody else's clients may count on it: ours
 * do not, they are refused outright.
 * @throws BrokerAccessError
 */
export async function closeDefaults(line: CommandLine, log: Pick<Log, "warn" | "info">): Promise<void> {
  const { acls } = await ask(line, { command: "getDefaultACLAccess" }, defaults);
  const open = acls.filter(({ acltype, allow }) => allow && acltype !== "unsubscribe");
  if (open.length === 0) return;
  const acltypes = open.map(({ acltype }) => acltype);
  const clients = await listNames(line, "listClients");
  if (clients.some((name) => consumerOf(name) === undefined)) {
    const advice = `others have clients here, so it stays; close it with: mosquitto_ctrl dynsec setDefaultACLAccess ${acltypes[0]} deny`;
    log.warn({ acltypes, advice }, "the broker's default access is open to clients without a rule");
    return;
  }
  const closed = acltypes.map((acltype) => ({ acltype, allow: false }));
  await carryOut(line, [{ command: "setDefaultACLAccess", acls: closed }]);
  log.info({ acltypes }, "the broker's default access closed");
}

async function ask<T>(line: CommandLine, command: Command, schema: z.ZodType<T>): Promise<T> {
  const [answer] = await line.send([command]);
  const parsed = schema.safeParse(answer?.data);
  if (answer?.error === undefined && parsed.success) return parsed.data;
  const reason = answer?.error ?? "an answer that is not understood";
  throw new BrokerAccessError("broker_refused", `the broker refused ${command.command}: ${reason}`);
}
