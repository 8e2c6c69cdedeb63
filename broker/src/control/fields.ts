import { filterFault } from "../access/topic-filter.js";
import {
  MAX_ACLS_OF_A_ROLE,
  MAX_NAME_BYTES,
  MAX_PRIORITY,
  MAX_ROLES_OF_A_CLIENT,
  MAX_TEXT_BYTES,
} from "./bounds.js";
import { CommandError } from "./command-error.js";
import { ACL_TYPES, type AclType, byPriority, type GivenRole, NO_PRIORITY, type RoleAcl } from "./records.js";

/** An object of a command or of the file, whose values can be anything. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A user's, client's or role's name. @throws {CommandError} */
export function nameOf(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string" || value === "") throw new CommandError(`Invalid/missing ${key}`);
  return checkedText(value, key, MAX_NAME_BYTES);
}

/** @throws {CommandError} */
export function optionalText(fields: Fields, key: string, maxBytes = MAX_TEXT_BYTES): string | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new CommandError(`Invalid/missing ${key}`);
  return checkedText(value, key, maxBytes);
}

function checkedText(text: string, key: string, maxBytes: number): string {
  if (Buffer.byteLength(text) > maxBytes)
    throw new CommandError(`Invalid/missing ${key}: more than ${maxBytes} bytes`);
  // Half a surrogate pair is no UTF-8, and MQTT [MQTT-1.5.3-2] has no NUL; no name needs other controls.
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw new CommandError(`Invalid/missing ${key}: control characters`);
  return text;
}

/** @throws {CommandError} */
export function wholeNumber(fields: Fields, key: string, standard: number): number {
  const value = fields[key];
  if (value === undefined) return standard;
  if (typeof value !== "number" || !Number.isInteger(value) || Math.abs(value) > MAX_PRIORITY)
    throw new CommandError(`Invalid/missing ${key}`);
  return value;
}

/** @throws {CommandError} */
export function truth(fields: Fields, key: string, standard: boolean): boolean {
  const value = fields[key];
  if (value === undefined) return standard;
  if (typeof value !== "boolean") throw new CommandError(`Invalid/missing ${key}`);
  return value;
}

/** A list of objects. @throws {CommandError} */
export function listOf(fields: Fields, key: string, maximum: number): Fields[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw new CommandError(`Missing/invalid ${key} array`);
  if (value.length > maximum) throw new CommandError(`Invalid ${key} array: more than ${maximum}`);
  return value.map((item: unknown) => {
    if (!isFields(item)) throw new CommandError(`Invalid ${key} array: expected objects`);
    return item;
  });
}

/** @throws {CommandError} */
export function aclTypeOf(fields: Fields): AclType {
  const found = ACL_TYPES.find((type) => type === fields["acltype"]);
  if (found === undefined) throw new CommandError("Unknown acltype");
  return found;
}

/** @throws {CommandError} */
export function aclTopicOf(fields: Fields): string {
  const topic = nameOf(fields, "topic");
  if (filterFault(topic) !== null) throw new CommandError("Invalid ACL topic");
  return topic;
}

/** @throws {CommandError} */
export function aclOf(fields: Fields): RoleAcl {
  return {
    acltype: aclTypeOf(fields),
    topic: aclTopicOf(fields),
    priority: wholeNumber(fields, "priority", 0),
    allow: truth(fields, "allow", false), // as the plugin
  };
}

/** The `acls` of a role; of one type and topic the first counts. @throws {CommandError} */
export function aclsOf(fields: Fields): RoleAcl[] {
  const unique = new Map<string, RoleAcl>();
  for (const item of listOf(fields, "acls", MAX_ACLS_OF_A_ROLE)) {
    const acl = aclOf(item);
    const key = `${acl.acltype} ${acl.topic}`;
    if (!unique.has(key)) unique.set(key, acl);
  }
  return byPriority([...unique.values()]);
}

/** The `roles` of a client; of one name the first counts. @throws {CommandError} */
export function rolesOf(fields: Fields): GivenRole[] {
  const unique = new Map<string, GivenRole>();
  for (const item of listOf(fields, "roles", MAX_ROLES_OF_A_CLIENT)) {
    const rolename = nameOf(item, "rolename");
    if (!unique.has(rolename))
      unique.set(rolename, { rolename, priority: wholeNumber(item, "priority", NO_PRIORITY) });
  }
  return byPriority([...unique.values()]);
}
