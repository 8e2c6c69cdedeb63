import { accessSync, constants, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { isLoopback } from "../environment/loopback.js";
import { ConfigurationError } from "../process/exit.js";
import { LiveUsers } from "./live-users.js";
import type { SignIn, SignInOptions } from "./sign-in.js";
import { Verifier } from "./verifier.js";

/**
 * Creates the verifier: sessions for people, tokens for programs, and, when no users exist and the service is
 * only reachable from this machine, everything for whoever is at it.
 * @throws ConfigurationError when the file of users is malformed, or when the service is to be reached from
 * elsewhere and nobody could sign in.
 */
export function createSignIn(options: SignInOptions): SignIn {
  const users = new LiveUsers(options.usersFile, options.log);
  try {
    users.load();
  } catch (cause) {
    throw new ConfigurationError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const remote = reachesBeyond(options);
  if (remote !== undefined && users.current.users.size === 0 && users.current.tokens.size === 0) {
    throw new ConfigurationError(
      `${remote} reaches beyond this machine, and ${options.usersFile} has no users: ` +
        "add one with `fieldmesh users add <name> --role admin`",
    );
  }
  const sessions = join(dirname(options.usersFile), "sessions");
  if (users.current.users.size > 0) makeWritable(sessions);
  const verifier = new Verifier(options, users, sessions, remote === undefined);
  verifier.start();
  return verifier;
}

/** Sessions are files: found out at the start, not when the first person signs in. */
function makeWritable(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new ConfigurationError(
      `${folder} cannot be written (${reason}): sessions are kept there, beside the file that USERS_FILE names`,
      { cause },
    );
  }
}

/** The setting by which others than this machine's own people reach the service. */
function reachesBeyond({ host, publicUrl }: SignInOptions): string | undefined {
  if (!isLoopback(host)) return `HOST=${host}`;
  if (publicUrl !== undefined && !isLoopback(publicUrl.hostname)) return `PUBLIC_URL=${publicUrl.origin}`;
  return undefined;
}
