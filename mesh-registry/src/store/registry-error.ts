/** Why the registry does not do what it is asked for; programs decide by it. */
export type RegistryErrorCode =
  /** What is asked for is not there. */
  | "not_found"
  /** There is one of this name. */
  | "exists"
  /** It is of another version than the one that was to be changed. */
  | "changed"
  /** It names something that is not there. */
  | "unknown_reference"
  /** Others need it, or what it is forbids it. */
  | "conflict"
  /** A value of it is not what is expected there. */
  | "invalid"
  /** What it says of the payload cannot be read. */
  | "invalid_schema"
  /** What a policy asks for cannot be read. */
  | "invalid_rule"
  /** It asks for less than a mandatory policy of all. */
  | "loosening"
  /** It breaks its consumers without a new major version. */
  | "breaking"
  /** It would make a product part of its own origin. */
  | "cycle"
  /** A key was used for another request. */
  | "key_reused"
  /** There are as many as are kept. */
  | "too_many";

/** What is at fault: a field, as a JSON pointer (RFC 6901), with its value or a sentence of its own. */
export interface Fault {
  pointer: string;
  value?: string;
  detail?: string;
  expected?: string;
  /** Where in the text of the field: line and column from 1, offset from 0, in UTF-16 units. */
  position?: { line: number; column: number; offset: number };
}

/** A refusal that tells what to do; nothing was changed. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;
  readonly faults: readonly Fault[];

  constructor(code: RegistryErrorCode, message: string, faults: readonly Fault[] = []) {
    super(message);
    this.code = code;
    this.faults = faults;
  }
}
