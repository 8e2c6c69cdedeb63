import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "@fieldmesh/runtime";
import { openStorage, type Storage } from "@fieldmesh/storage";
import { onTestFinished } from "vitest";
import { quiet } from "./quiet.js";

/** An embedded store in a folder of its own, both gone when the test is over. */
export async function embeddedStorage(): Promise<Storage> {
  const path = await mkdtemp(join(tmpdir(), "fieldmesh-historian-"));
  const remove = () => rm(path, { recursive: true, force: true });
  const storage = await openStorage({
    address: { kind: "folder", path },
    service: "historian",
    hold: lockFolder,
    log: quiet,
  });
  onTestFinished(async () => {
    await storage.close();
    await remove();
  });
  return storage;
}
