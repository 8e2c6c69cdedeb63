import { shown } from "@fieldmesh/protocol";

/** There is a document of this id. */
export class IdTakenError extends Error {
  override readonly name = "IdTakenError";
  readonly code = "id_taken";
  readonly id: string;

  constructor(collection: string, id: string) {
    super(`${collection}: there is a document "${id}" already`);
    this.id = id;
  }
}

/** A document cannot be kept as it is. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
  readonly code = "document";
}

/** An index does not take a document: another has its values, or a value is of another type than declared. */
export class IndexError extends Error {
  override readonly name = "IndexError";
  readonly code = "index";
  readonly index: string;
  /** `taken`: another document of a unique index has these values. */
  readonly reason: "taken" | "type" | "declaration";

  constructor(index: string, reason: "taken" | "type" | "declaration", message: string) {
    super(message);
    this.index = index;
    this.reason = reason;
  }
}

/** A query contradicts the declaration of its index; a defect of who asks, or a cursor that was tampered with. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly code = "query";
}

/** The store cannot be opened as it is. The message says what to do. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code = "storage";
}

/** The medium did not take a write, which is not done: it is full, or broken. Later writes may succeed again. */
export class WriteFailedError extends Error {
  override readonly name = "WriteFailedError";
  readonly code = "write_failed";

  constructor(collection: string, cause: Error) {
    super(`${collection}: the write is not done: ${cause.message}`, { cause });
  }
}

/** A reading cannot be kept: it, or the name of its stream, is not one of the wire. Nothing of its call is stored. */
export class SampleError extends Error {
  override readonly name = "SampleError";
  readonly code = "sample";
  readonly stream: string;
  readonly field: string;

  constructor(stream: string, field: string, value: unknown, expected: string) {
    const found = typeof value === "number" ? String(value) : shown(value);
    super(`${shown(stream)}: ${field} ${found}: expected ${expected}`);
    this.stream = stream;
    this.field = field;
  }
}

/** A block of a stream cannot be read: its bytes are not those that were written, or of a later version. */
export class BlockError extends Error {
  override readonly name = "BlockError";
  readonly code = "block";
  readonly stream: string;
  /** Start of the block, ms. */
  readonly at: number;

  constructor(stream: string, kind: string, at: number, cause: Error) {
    super(`${stream}: the ${kind} from ${new Date(at).toISOString()} cannot be read: ${cause.message}`, {
      cause,
    });
    this.stream = stream;
    this.at = at;
  }
}
