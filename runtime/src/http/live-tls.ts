import type { Server } from "node:tls";
import { readTls, type TlsFiles, tlsStamp } from "./tls-files.js";

/** Certificates are renewed every few weeks; nobody should have to wait long to see the new one. */
const LOOK_MS = 5_000;

/** Of the log only what is needed here, so that any logger with levels fits. */
interface TlsLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Takes over certificate and key when their files change, for connections from then on; those that stand are left
 * alone. Files that cannot be used are named in the log, and the old ones go on. Both files have to hold still for one
 * look first, as they are seldom replaced in the same moment.
 * @returns ends it
 */
export function followTls(
  files: TlsFiles,
  servers: readonly Server[],
  log: TlsLog,
  lookMs = LOOK_MS,
): () => void {
  const { certFile, keyFile } = files;
  let used = files.stamp;
  let before = used;
  const timer = setInterval(() => {
    const now = tlsStamp(certFile, keyFile);
    const isStill = now === before;
    before = now;
    if (now === used || !isStill) return;
    used = now; // a broken one is told of once, until it changes again
    try {
      const renewed = readTls({ TLS_CERT: certFile, TLS_KEY: keyFile });
      if (renewed === undefined) return;
      for (const server of servers) server.setSecureContext({ cert: renewed.cert, key: renewed.key });
      log.info({ certFile }, "took over the changed certificate");
    } catch (error) {
      log.error({ err: error }, "the changed certificate cannot be used: the one of before goes on");
    }
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}
