import { FileFormatError } from "./file-format-error.js";
import { filterFault } from "./topic-filter.js";

/** What one line of an ACL grants. `deny` refuses whatever else allows. */
export type AclAccess = "read" | "write" | "readwrite" | "deny";

export interface AclRule {
  access: AclAccess;
  /** The topic filter's levels; in a pattern they may hold `%u` and `%c`. */
  levels: readonly string[];
}

/** An `acl_file`, parsed. */
export interface Acl {
  /** Topics that stand before any `user` line: for anonymous clients. */
  anonymous: AclRule[];
  users: Map<string, AclRule[]>;
  /** For every client; `%u` is its user name and `%c` its client id. */
  patterns: AclRule[];
}

const EXPECTED =
  '"user <name>", "topic [read|write|readwrite|deny] <filter>", "pattern [...] <filter>" or a comment';
const ACCESS: ReadonlySet<string> = new Set<AclAccess>(["read", "write", "readwrite", "deny"]);

/**
 * Parses Mosquitto's `acl_file`. A `user` block that comes twice is joined, as Mosquitto does; a `topic` line
 * without access means readwrite; only a filter after an access may hold spaces.
 * @throws {FileFormatError} with file, line, and what is expected
 */
export function parseAclFile(text: string, file = "ACL file"): Acl {
  const acl: Acl = { anonymous: [], users: new Map(), patterns: [] };
  let topics = acl.anonymous;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const { word, rest } = firstWord(line);
    if (rest === "") throw new FileFormatError(file, index + 1, `"${word}" with nothing after it`, EXPECTED);
    switch (word) {
      case "user": {
        topics = acl.users.get(rest) ?? [];
        acl.users.set(rest, topics);
        break;
      }
      case "topic":
        topics.push(parseRule(rest, file, index + 1));
        break;
      case "pattern":
        acl.patterns.push(parseRule(rest, file, index + 1));
        break;
      default:
        throw new FileFormatError(file, index + 1, `"${word}"`, EXPECTED);
    }
  }
  return acl;
}

function firstWord(text: string): { word: string; rest: string } {
  const match = /^(\S+)\s*(.*)$/.exec(text);
  return { word: match?.[1] ?? "", rest: match?.[2] ?? "" };
}

function isAccess(word: string): word is AclAccess {
  return ACCESS.has(word);
}

function parseRule(text: string, file: string, line: number): AclRule {
  const { word, rest } = firstWord(text);
  // One word is a filter, even if it reads "read"; of two, the first is the access.
  if (rest !== "" && !isAccess(word)) {
    throw new FileFormatError(file, line, `access "${word}"`, "read, write, readwrite or deny");
  }
  const access = rest !== "" && isAccess(word) ? word : "readwrite";
  const filter = rest === "" ? text : rest;
  const fault = filterFault(filter);
  if (fault)
    throw new FileFormatError(file, line, `topic filter "${filter}" ${fault}`, "a topic filter of MQTT");
  return { access, levels: filter.split("/") };
}
