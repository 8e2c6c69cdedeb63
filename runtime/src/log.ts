import { type DestinationStream, type Logger, pino } from "pino";

/** Structured log: one JSON line an event, `log.info({ stream }, "what happened")`. */
export type Log = Logger;

export interface LogOptions {
  /** `trace` to `fatal`, or `silent`. Default `info`. */
  level?: string;
  /** Where lines go; the standard output by default. */
  destination?: DestinationStream;
}

const SECRET_FIELDS = ["password", "token", "authorization", "cookie", "secret"];

/** Paths at which a secret may be given to the log by mistake: at the top and one or two levels down. */
const REDACTED = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** Creates a service's log. Fields named as a secret are never written, whoever passes them. */
export function createLog(service: string, options: LogOptions = {}): Log {
  const settings = {
    level: options.level ?? "info",
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED, censor: "(redacted)" },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
