type Write = (fields: object, message: string) => void;

/** The part of a pino logger that the broker uses. */
export interface BrokerLog {
  debug: Write;
  info: Write;
  warn: Write;
  error: Write;
}

const ignore: Write = () => undefined;

/** For tests and embedders that want none. */
export const SILENT_LOG: BrokerLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };
