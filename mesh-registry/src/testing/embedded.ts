import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "@fieldmesh/runtime";
import { openStorage, type Storage } from "@fieldmesh/storage";
import { onTestFinished } from "vitest";
import { quiet } from "./quiet.js";

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "fieldmesh-registry-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The embedded store in a folder, as the registry opens it; closed when the test is over, if not before. */
export async function embeddedStorage(path: string): Promise<Storage> {
  const storage = await openStorage({
    address: { kind: "folder", path },
    service: "registry",
    hold: lockFolder,
    log: quiet,
  });
  onTestFinished(() => storage.close());
  return storage;
}
