import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { VariableName } from "../environment/variables.js";
import { ConfigurationError } from "../process/exit.js";

/** Certificate chain and key of a listener, PEM, and where they come from. */
export interface TlsFiles {
  cert: Buffer;
  key: Buffer;
  certFile: string;
  keyFile: string;
  /** {@link tlsStamp} when they were read. */
  stamp: string;
}

/** What changes when one of the files does, or the target of a link. */
export function tlsStamp(...files: readonly string[]): string {
  const stamps = files.map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat === undefined ? "absent" : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
  });
  return stamps.join(" ");
}

/**
 * Reads `TLS_CERT` and `TLS_KEY`; undefined when neither is set.
 * @throws ConfigurationError when only one is set, or they cannot be read or used.
 */
export function readTls(env: {
  TLS_CERT: string | undefined;
  TLS_KEY: string | undefined;
}): TlsFiles | undefined {
  if (env.TLS_CERT === undefined && env.TLS_KEY === undefined) return undefined;
  if (env.TLS_CERT === undefined || env.TLS_KEY === undefined) {
    const missing = env.TLS_CERT === undefined ? "TLS_CERT" : "TLS_KEY";
    throw new ConfigurationError(`${missing} is not set: TLS_CERT and TLS_KEY go together`);
  }
  const [certFile, keyFile] = [env.TLS_CERT, env.TLS_KEY];
  const stamp = tlsStamp(certFile, keyFile); // before reading: what changes meanwhile is read again
  const tls = { cert: readPem("TLS_CERT", certFile), key: readPem("TLS_KEY", keyFile) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(`TLS_CERT and TLS_KEY cannot be used together: ${reason}`, { cause });
  }
  return { ...tls, certFile, keyFile, stamp };
}

/** Reads a PEM file that a variable names. @throws ConfigurationError naming the variable and the file. */
export function readPem(variable: VariableName, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new ConfigurationError(`${variable}=${path}: expected a file that can be read (${reason})`, {
      cause,
    });
  }
}
