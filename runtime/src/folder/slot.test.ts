import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderHeldError } from "./folder-lock.js";
import { FormatVersionError } from "./kept-file.js";
import { claimSlot, IdentityError, listSlots, type Slot, writeSlot } from "./slot.js";

let root: string;
const slots: Slot[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmesh-slot-"));
});

afterEach(async () => {
  for (const slot of slots.splice(0)) await slot.lock.release();
  await rm(root, { recursive: true, force: true });
});

async function claim(options: Parameters<typeof claimSlot>[1] = {}): Promise<Slot> {
  const slot = await claimSlot(root, { hostName: "Desk.Local", ...options });
  slots.push(slot);
  return slot;
}

describe("claimSlot", () => {
  it("takes the host name, made to fit, when there is no slot; the second and third get a number", async () => {
    expect((await claim()).id).toBe("desk-local");
    expect((await claim()).id).toBe("desk-local-2");
    expect((await claim()).id).toBe("desk-local-3");
  });

  it("keeps its identity when the host name changes, as a recreated container's does", async () => {
    const first = await claim({ hostName: "3f2a" });
    await first.lock.release();
    expect((await claim({ hostName: "9b1c" })).id).toBe("3f2a");
  });

  it("takes slots made beforehand in order, with their passwords, and the host name only after them", async () => {
    await writeSlot(root, { id: "edge-10", password: "ten" });
    await writeSlot(root, { id: "edge-2", password: "two" });
    expect(await claim()).toMatchObject({ id: "edge-2", password: "two" });
    expect(await claim()).toMatchObject({ id: "edge-10", password: "ten" });
    expect(await claim()).toMatchObject({ id: "desk-local", password: undefined });
  });

  it("gives each of many contenders another identity", async () => {
    for (let n = 1; n <= 5; n += 1) await writeSlot(root, { id: `edge-${n}` });
    const claimed = await Promise.all(Array.from({ length: 8 }, () => claim()));
    expect(new Set(claimed.map((slot) => slot.id)).size).toBe(8);
  });

  it("with an id takes the folder of that name, which is no slot for others", async () => {
    const slot = await claim({ id: "greenhouse" });
    expect(slot).toMatchObject({ id: "greenhouse", password: undefined, folder: join(root, "greenhouse") });
    await expect(claimSlot(root, { id: "greenhouse" })).rejects.toThrow(FolderHeldError);
    await slot.lock.release();
    expect((await claim()).id).toBe("desk-local");
    expect(await listSlots(root)).toEqual([{ id: "desk-local", password: undefined }]);
  });

  it("with an id uses the password of its slot", async () => {
    await writeSlot(root, { id: "greenhouse", password: "secret" });
    expect(await claim({ id: "greenhouse" })).toMatchObject({ password: "secret" });
  });

  it("does not name a node with a reserved name", async () => {
    expect((await claim({ hostName: "event" })).id).toBe("event-2");
  });

  it("writes identities that only the owner may read", async () => {
    const folder = await writeSlot(root, { id: "a", password: "secret" });
    expect((await stat(join(folder, "identity.json"))).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(join(folder, "identity.json"), "utf8"))).toEqual({
      format: 1,
      id: "a",
      password: "secret",
    });
  });

  it("refuses an identity of a later version, and one that is none, by name", async () => {
    const folder = await writeSlot(root, { id: "a" });
    const file = join(folder, "identity.json");
    await writeFile(file, '{"format":2,"id":"a"}');
    await expect(claim()).rejects.toThrow(FormatVersionError);
    await expect(claim()).rejects.toThrow(`${file} has format 2, from a later version`);
    await writeFile(file, '{"format":1,"id":"../x"}');
    await expect(claim()).rejects.toThrow(IdentityError);
    await writeFile(file, "{");
    await expect(claim()).rejects.toThrow(`${file}: expected JSON`);
  });
});
