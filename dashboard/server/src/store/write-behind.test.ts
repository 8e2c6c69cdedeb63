import { createLog } from "@fieldmesh/runtime";
import { describe, expect, test } from "vitest";
import { WriteBehind } from "./write-behind.js";

const log = createLog("test", { level: "silent" });

describe("writes that wait", () => {
  test("only the newest version of a document is written, and a failed one again", async () => {
    const disk = new Map<string, number>();
    let full = true;
    let writes = 0;
    const writer = new WriteBehind(log, 5);
    const table = writer.table<number>("test", {
      put: async (id, document) => {
        writes += 1;
        await Promise.resolve();
        if (full) throw new Error("ENOSPC");
        disk.set(id, document);
      },
      delete: (id) => Promise.resolve(void disk.delete(id)),
    });
    for (let i = 1; i <= 1_000; i += 1) table.put("a", i);
    table.put("b", 1);
    expect(writer.waiting).toBe(2);
    await new Promise((proceed) => setImmediate(proceed));
    full = false;
    await writer.flush();
    expect([...disk]).toEqual([
      ["a", 1_000],
      ["b", 1],
    ]);
    expect(writes).toBe(4);
    table.delete("a");
    await writer.close();
    expect([...disk.keys()]).toEqual(["b"]);
  });

  test("what the disk refuses does not keep the process from closing", async () => {
    const writer = new WriteBehind(log, 5);
    const table = writer.table<number>("test", {
      put: () => Promise.reject(new Error("ENOSPC")),
      delete: () => Promise.resolve(),
    });
    table.put("a", 1);
    await writer.close();
    expect(writer.waiting).toBe(1);
  });
});
