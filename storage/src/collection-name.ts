import { StorageError } from "./errors.js";

const COLLECTION_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** @throws StorageError when a collection cannot have this name. */
export function checkCollectionName(name: string): void {
  if (!COLLECTION_NAME.test(name)) {
    throw new StorageError(`collection "${name}": expected 1 to 32 of a-z, 0-9 and "-"`);
  }
}
