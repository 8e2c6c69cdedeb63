import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormatVersionError } from "@fieldmesh/runtime";
import fc from "fast-check";
import { expect, it } from "vitest";
import { nextBoot, readBoot, storeBoot } from "./boot.js";

const whole = fc.integer({ min: 0, max: 2 ** 42 });

it("a boot is above every one before it and not below the clock", () => {
  fc.assert(
    fc.property(whole, fc.option(whole, { nil: undefined }), whole, (stored, announced, now) => {
      const boot = nextBoot({ stored, announced, now });
      expect(boot).toBeGreaterThan(stored);
      expect(boot).toBeGreaterThan(announced ?? 0);
      expect(boot).toBeGreaterThanOrEqual(Math.floor(now / 1_000));
      expect([stored + 1, (announced ?? 0) + 1, Math.floor(now / 1_000)]).toContain(boot);
    }),
  );
});

it("is kept in the node's folder, and a later version's file is refused by name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-boot-"));
  try {
    expect(await readBoot(folder)).toBe(0);
    await storeBoot(folder, 1_763_639_000);
    expect(await readBoot(folder)).toBe(1_763_639_000);
    await writeFile(join(folder, "boot.json"), "{");
    expect(await readBoot(folder)).toBe(0);
    await writeFile(join(folder, "boot.json"), '{"format":2,"boot":1}');
    await expect(readBoot(folder)).rejects.toThrow(FormatVersionError);
    await expect(readBoot(folder)).rejects.toThrow(/boot\.json/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
