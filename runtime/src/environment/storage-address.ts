import type { StorageAddress } from "./parsers.js";

/** The variables that decide it. */
export interface StorageEnvironment {
  STORAGE: StorageAddress | undefined;
  STORAGE_USERNAME: string | undefined;
  STORAGE_PASSWORD: string | undefined;
}

/**
 * Where documents are kept, with the user that signs in there. A name and password that come beside the address,
 * as a secret of a container does, take the place of those within it.
 */
export function storageAddress({
  STORAGE,
  STORAGE_USERNAME,
  STORAGE_PASSWORD,
}: StorageEnvironment): StorageAddress | undefined {
  if (STORAGE?.kind !== "mongodb" || STORAGE_PASSWORD === undefined) return STORAGE;
  // Not by `URL`: an address of several hosts (a replica set) is none.
  const [, scheme, rest] = /^(mongodb(?:\+srv)?:\/\/)(?:[^@/]*@)?(.*)$/s.exec(STORAGE.url) ?? [];
  if (scheme === undefined || rest === undefined) return STORAGE;
  const user = `${encodeURIComponent(STORAGE_USERNAME ?? "fieldmesh")}:${encodeURIComponent(STORAGE_PASSWORD)}@`;
  return { kind: "mongodb", url: `${scheme}${user}${withAuthSource(rest)}` };
}

/** The server's users are those of its database `admin`, unless the address says otherwise. */
function withAuthSource(rest: string): string {
  const [path = "", query] = rest.split("?", 2);
  if (query?.split("&").some((pair) => pair.startsWith("authSource="))) return rest;
  const rooted = path.includes("/") ? path : `${path}/`;
  return `${rooted}?${query === undefined || query === "" ? "" : `${query}&`}authSource=admin`;
}
