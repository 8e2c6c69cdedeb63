import type { PasswordEntry } from "../access/password-file.js";

/** What an ACL of a role is about, as Mosquitto's dynamic-security plugin names it. */
export const ACL_TYPES = [
  "publishClientSend",
  "publishClientReceive",
  "subscribeLiteral",
  "subscribePattern",
  "unsubscribeLiteral",
  "unsubscribePattern",
] as const;
export type AclType = (typeof ACL_TYPES)[number];

/** What a client may do where none of its ACLs says anything. */
export const DEFAULT_KINDS = [
  "publishClientSend",
  "publishClientReceive",
  "subscribe",
  "unsubscribe",
] as const;
export type DefaultKind = (typeof DEFAULT_KINDS)[number];
export type DefaultAccess = Readonly<Record<DefaultKind, boolean>>;

/** One rule of a role; of one type and topic there is one. */
export interface RoleAcl {
  readonly acltype: AclType;
  readonly topic: string;
  /** Higher ones are asked first. */
  readonly priority: number;
  readonly allow: boolean;
}

interface Described {
  readonly textname?: string | undefined;
  readonly textdescription?: string | undefined;
}

export interface RoleRecord extends Described {
  readonly rolename: string;
  /** By falling priority. */
  readonly acls: readonly RoleAcl[];
}

/** Of a role that is given without one, and not shown, as the plugin does. */
export const NO_PRIORITY = -1;

export interface GivenRole {
  readonly rolename: string;
  /** Higher ones are asked first. */
  readonly priority: number;
}

/** Records are never changed, only replaced: a command that fails in the middle has changed nothing. */
export interface ClientRecord extends Described {
  readonly username: string;
  /** The only client id that it may use; absent = any. */
  readonly clientid?: string | undefined;
  /** Without one it cannot sign in. */
  readonly password?: PasswordEntry | undefined;
  readonly disabled: boolean;
  /** By falling priority. */
  readonly roles: readonly GivenRole[];
}

/** In the order that they are asked in: higher priorities first, among equals the older one. */
export function byPriority<T extends { readonly priority: number }>(given: readonly T[]): T[] {
  return given.toSorted((a, b) => b.priority - a.priority);
}
