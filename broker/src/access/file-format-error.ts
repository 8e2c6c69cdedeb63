import { ConfigurationError } from "@fieldmesh/runtime";

/** A line of a password or ACL file that is not understood; code `BROKER_FILE_FORMAT`. */
export class FileFormatError extends ConfigurationError {
  override readonly name = "FileFormatError";
  override readonly code = "BROKER_FILE_FORMAT";
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;

  constructor(file: string, line: number, found: string, expected: string) {
    super(`${file}:${line}: ${found}; expected ${expected}`);
    this.file = file;
    this.line = line;
  }
}
