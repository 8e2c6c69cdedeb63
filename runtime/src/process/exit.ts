/** What a process ends with. */
export const EXIT = {
  ok: 0,
  failure: 1,
  /** A setting or a file that a person must change: starting again does not help. */
  badConfiguration: 2,
  /** The service asks its supervisor to start it again (EX_TEMPFAIL of sysexits.h). */
  restart: 75,
} as const;

/** A setting, in a file say, is wrong: the process ends with {@link EXIT.badConfiguration}. */
export class ConfigurationError extends Error {
  override readonly name: string = "ConfigurationError";
  readonly code: string = "configuration";
}

/** Given to `stop`: the service cannot go on but a fresh process can. */
export class RestartRequest extends Error {
  override readonly name = "RestartRequest";
  readonly code = "restart";
}
