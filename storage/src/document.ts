import { DocumentError } from "./errors.js";

const MAX_ID = 256; // bytes
const MAX_DOCUMENT = 1_048_576; // bytes of JSON; MongoDB takes 16 MiB, and larger is a series or a file
const MAX_DEPTH = 64;

/** Whether a document can have this id. */
export function isId(id: string): boolean {
  const bytes = Buffer.byteLength(id);
  return bytes > 0 && bytes <= MAX_ID && !hasControls(id) && isWellFormed(id);
}

/** @throws DocumentError naming what is wrong with an id. */
export function checkId(id: string): void {
  if (!isId(id)) {
    const shown = JSON.stringify(id.slice(0, 60));
    throw new DocumentError(`id ${shown}: expected 1 to ${MAX_ID} bytes of UTF-8 without control characters`);
  }
}

/** The document as JSON, checked against what every store takes. @throws DocumentError naming the field. */
export function encodeDocument(document: object): string {
  checkValue(document, "", 0);
  if (Array.isArray(document)) throw new DocumentError("a document is an object, not an array");
  const json = JSON.stringify(document);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_DOCUMENT) {
    throw new DocumentError(`the document has ${bytes} bytes as JSON: expected at most ${MAX_DOCUMENT}`);
  }
  return json;
}

function checkValue(value: unknown, path: string, depth: number): void {
  if (depth > MAX_DEPTH) throw new DocumentError(`${path}: nested deeper than ${MAX_DEPTH}`);
  if (value === null || typeof value === "string" || typeof value === "boolean" || value === undefined)
    return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new DocumentError(`${path}: ${value} cannot be kept as JSON`);
    return;
  }
  if (typeof value !== "object") throw new DocumentError(`${path}: a ${typeof value} cannot be kept as JSON`);
  if (Array.isArray(value)) {
    value.forEach((element, index) => {
      if (element === undefined)
        throw new DocumentError(`${path}[${index}]: undefined cannot be kept as JSON`);
      checkValue(element, `${path}[${index}]`, depth + 1);
    });
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new DocumentError(`${path === "" ? "document" : path}: expected a plain object`);
  }
  for (const [name, field] of Object.entries(value)) {
    if (name === "" || /^[$_]|[.\0]/.test(name)) {
      throw new DocumentError(`${path}.${name}: names do not begin with $ or _ and hold no "." and no NUL`);
    }
    checkValue(field, path === "" ? name : `${path}.${name}`, depth + 1);
  }
}

function hasControls(text: string): boolean {
  for (const character of text) if (character < " " || character === "\u007f") return true;
  return false;
}

function isWellFormed(text: string): boolean {
  return Buffer.from(text, "utf8").toString("utf8") === text;
}
