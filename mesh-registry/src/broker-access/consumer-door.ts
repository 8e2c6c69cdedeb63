import { z } from "zod";
import { BrokerAccessError } from "./broker-access-error.js";
import type { Answer, Command, CommandLine } from "./command-line.js";
import { credentialName } from "./credential-name.js";
import { narrows, type OpenProducts, type RoleAcl, roleAcls, sameAcls } from "./role-acls.js";

/** How a consumer's client and role are at the broker; null where there is none. */
interface Found {
  client: z.output<typeof clientData>["client"] | null;
  acls: RoleAcl[] | null;
}

const clientData = z.object({
  client: z.object({
    disabled: z.boolean().optional(),
    roles: z.array(z.object({ rolename: z.string() })),
    groups: z.array(z.unknown()).default([]),
  }),
});
const roleData = z.object({
  role: z.object({
    acls: z.array(
      z.object({
        acltype: z.string(),
        topic: z.string(),
        priority: z.number().default(0),
        allow: z.boolean(),
      }),
    ),
  }),
});

/**
 * Brings a consumer's client and role at the broker to what they should be, and touches nobody else's. Asked again it
 * does nothing.
 * @returns the commands that were needed
 * @throws BrokerAccessError
 */
export async function bringDoor(
  line: CommandLine,
  consumer: string,
  products: OpenProducts,
): Promise<string[]> {
  const name = credentialName(consumer);
  const { acls } = roleAcls(products);
  const open = acls.some(({ allow }) => allow);
  const found = await look(line, name);
  const commands = open ? opening(name, consumer, acls, found) : closing(name, acls, found);
  await carryOut(line, commands);
  return commands.map(({ command }) => command);
}

/**
 * Gives a consumer's client a password, and ends its connections. A client that is not there is made, and let in by
 * its products alone.
 * @throws BrokerAccessError
 */
export async function giveKey(
  line: CommandLine,
  consumer: string,
  products: OpenProducts,
  password: string,
): Promise<string> {
  const username = credentialName(consumer);
  await bringDoor(line, consumer, products);
  const { client, acls } = await look(line, username);
  const made: Command[] = [];
  if (acls === null) made.push({ command: "createRole", rolename: username, acls: roleAcls(products).acls });
  if (client === null) made.push(...createClient(username, consumer), { command: "disableClient", username });
  await carryOut(line, [...made, { command: "setClientPassword", username, password }]);
  return username;
}

function opening(
  name: string,
  consumer: string,
  acls: RoleAcl[],
  { client, acls: before }: Found,
): Command[] {
  const commands: Command[] = [];
  if (before === null) commands.push({ command: "createRole", rolename: name, acls });
  else if (!sameAcls(before, acls)) commands.push({ command: "modifyRole", rolename: name, acls });
  if (client === null) return [...commands, ...createClient(name, consumer)];
  const whole = client.roles.length === 1 && client.roles[0]?.rolename === name && client.groups.length === 0;
  // This ends its connections: with the rules of before its sessions may hold what it may not have any more.
  if (!whole || (before !== null && narrows(before, acls))) commands.push(holdOnly(name, client));
  if (client.disabled === true) commands.push({ command: "enableClient", username: name });
  return commands;
}

/** The client stays, so that its password opens the door again when it is let in again. */
function closing(name: string, acls: RoleAcl[], { client, acls: before }: Found): Command[] {
  const commands: Command[] = [];
  if (before !== null && !sameAcls(before, acls))
    commands.push({ command: "modifyRole", rolename: name, acls });
  if (client !== null && client.disabled !== true)
    commands.push({ command: "disableClient", username: name });
  return commands;
}

/** In two steps: a role of Mosquitto 2.0 does not know of clients that are made with it, and is deleted under them. */
function createClient(username: string, consumer: string): Command[] {
  const textdescription = "a consumer of data products; the Fieldmesh registry keeps it";
  return [
    { command: "createClient", username, textname: consumer, textdescription },
    { command: "addClientRole", username, rolename: username },
  ];
}

function holdOnly(username: string, { groups }: NonNullable<Found["client"]>): Command {
  const roles = [{ rolename: username }];
  return { command: "modifyClient", username, roles, ...(groups.length > 0 && { groups: [] }) };
}

async function look(line: CommandLine, name: string): Promise<Found> {
  const [client, role] = await line.send([
    { command: "getClient", username: name },
    { command: "getRole", rolename: name },
  ]);
  return {
    client: dataOf(client, clientData)?.client ?? null,
    acls: dataOf(role, roleData)?.role.acls ?? null,
  };
}

/** Null when there is no such thing. */
function dataOf<T>(answer: Answer | undefined, schema: z.ZodType<T>): T | null {
  if (answer?.error !== undefined && /not found/i.test(answer.error)) return null;
  const parsed = schema.safeParse(answer?.data);
  if (parsed.success) return parsed.data;
  const reason = answer?.error ?? "an answer that is not understood";
  throw new BrokerAccessError(
    "broker_refused",
    `the broker refused ${answer?.command ?? "a command"}: ${reason}`,
  );
}

export async function carryOut(line: CommandLine, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  const answers = await line.send(commands);
  const failed = answers.find(({ error }) => error !== undefined);
  if (failed !== undefined)
    throw new BrokerAccessError("broker_refused", `the broker refused ${failed.command}: ${failed.error}`);
}
