/** A node did not answer a command in time: it is away, or does not know the command. */
export class RequestTimeoutError extends Error {
  override readonly name = "RequestTimeoutError";
  readonly code = "request_timeout";

  constructor(node: string, command: string, timeoutMs: number) {
    super(`${node} did not answer ${command} within ${timeoutMs / 1_000} s: is the node online?`);
  }
}

/** The connection, the node's or this consumer's, ended between a command and its answer: nobody knows what came of it. */
export class RequestInterruptedError extends Error {
  override readonly name = "RequestInterruptedError";
  readonly code = "request_interrupted";

  constructor(node: string) {
    super(`the connection to ${node} was lost before it answered: ask again`);
  }
}

/** A node answered a command with an error. */
export class CommandRefusedError extends Error {
  override readonly name = "CommandRefusedError";
  /** The node's own code. */
  readonly code: string;
  /** Which argument is wrong, where one is. */
  readonly field: string | undefined;

  constructor(error: { code: string; message: string; field?: string }) {
    super(error.message);
    this.code = error.code;
    this.field = error.field;
  }
}

/** More requests wait for an answer than this consumer keeps. */
export class TooManyRequestsError extends Error {
  override readonly name = "TooManyRequestsError";
  readonly code = "too_many_requests";

  constructor(limit: number) {
    super(`${limit} requests already wait for an answer: try again when some are done`);
  }
}

/** The consumer was closed while a request waited for its answer. */
export class ConsumerClosedError extends Error {
  override readonly name = "ConsumerClosedError";
  readonly code = "consumer_closed";

  constructor() {
    super("the consumer was closed before the node answered");
  }
}
