import { join } from "node:path";
import { readEnvironment } from "@fieldmesh/runtime";
import { UsageError } from "../exit.js";
import type { Terminal } from "../terminal.js";
import type { CredentialFiles } from "./credentials.js";
import type { Owner } from "./private-file.js";

export interface FileOptions {
  passwordFile?: string;
  aclFile?: string;
  owner?: string;
}

/** From options before PASSWORD_FILE and ACL_FILE; else two files in DATA_DIR/credentials. */
export function credentialFiles(options: FileOptions, terminal: Terminal): CredentialFiles {
  const env: Record<string, string | undefined> = { ...terminal.env };
  if (options.passwordFile !== undefined) env["PASSWORD_FILE"] = options.passwordFile;
  if (options.aclFile !== undefined) env["ACL_FILE"] = options.aclFile;
  const read = readEnvironment(["PASSWORD_FILE", "ACL_FILE", "DATA_DIR"], env);
  const folder = join(read.DATA_DIR, "credentials");
  return {
    passwordFile: read.PASSWORD_FILE ?? join(folder, "password_file"),
    aclFile: read.ACL_FILE ?? join(folder, "acl_file"),
    ...(options.owner === undefined ? {} : { owner: parseOwner(options.owner) }),
  };
}

/** `uid:gid`, in numbers: names differ between a container and its host. */
export function parseOwner(text: string): Owner {
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new UsageError(`--owner ${text}: expected two numbers, as 1883:1883 (user:group)`);
  }
  return { uid: Number(match[1]), gid: Number(match[2]) };
}
