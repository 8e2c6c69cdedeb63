import {
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoSystemError,
  MongoTopologyClosedError,
} from "mongodb";
import { StorageError, WriteFailedError } from "../errors.js";
import { StoreAwayError } from "../store-away-error.js";

/**
 * Codes of a server that is going, coming, or no primary (any more): it is away for as long as that lasts. 64 is
 * a write that a majority has not confirmed in time, 43 a cursor that the server does not know any more.
 */
const AWAY = new Set([6, 7, 43, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);
/** The sign-in failed, or the user may not do this. */
const REFUSED = new Set([13, 18, 8000]);

/**
 * An error of the driver in the words of the port.
 * @param at address without password
 * @param write the collection that is written, undefined for a read
 */
export function explainMongoFailure(failure: unknown, at: string, write: string | undefined): unknown {
  const error = unwrap(failure);
  if (!(error instanceof MongoError)) return error;
  if (error instanceof MongoServerError) {
    const code = Number(error.code);
    if (AWAY.has(code)) return new StoreAwayError(at, error.message, error);
    if (REFUSED.has(code)) {
      const hint = "check user, password and authSource in STORAGE, and that the user may read and write";
      return new StorageError(`${at} refuses: ${error.message}: ${hint}`, { cause: error });
    }
  } else if (isAway(error)) {
    return new StoreAwayError(at, error.message, error);
  }
  return write === undefined
    ? new StorageError(`${at}: the read failed: ${error.message}`, { cause: error })
    : new WriteFailedError(write, error);
}

/** A bulk write tells of a connection that failed as if the server had answered, and keeps what happened within. */
function unwrap(failure: unknown): unknown {
  if (!(failure instanceof MongoServerError)) return failure;
  const within: unknown = failure.errorResponse;
  return within instanceof MongoError ? within : failure;
}

function isAway(error: MongoError): boolean {
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoSystemError || // no server of the address could be selected
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    error.name === "MongoWaitQueueTimeoutError"
  );
}

/** Whether a write was refused because another document has the same id or the same values of a unique index. */
export function isTaken(error: unknown): boolean {
  // FerretDB tells of a replacement in the words of SQLite.
  return error instanceof MongoServerError && /E11000|UNIQUE constraint failed/.test(error.message);
}
