import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { systemClock } from "../clock.js";
import { FIELDS } from "../config/fields.js";
import type { ValueType } from "../config/types.js";
import type { Sample } from "./driver.js";
import { driver } from "./exec.js";

async function run(
  command: string[],
  written: Record<string, unknown> = {},
  valueType: ValueType = "number",
): Promise<Sample["value"] | undefined> {
  const opened = await driver.open(driver.options(z, FIELDS).parse({ command, ...written }) as never, {
    domain: "env",
    node: "n",
    sensor: { id: "x", type: "x", valueType, unit: "1", intervalMs: 1_000 },
    clock: systemClock,
    emit: () => undefined,
  });
  return (await opened.read(new AbortController().signal))?.value;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("driver exec", () => {
  it("takes a number, JSON by a path, or a word by its map", async () => {
    expect(await run(["echo", " 21.5 "])).toBe(21.5);
    expect(await run(["echo", '{"cpu":{"temps":["44.5"]}}'], { path: "cpu.temps[0]" })).toBe(44.5);
    expect(await run(["echo", "active"], { values: { active: true, inactive: false } }, "boolean")).toBe(
      true,
    );
  });

  it("has no shell: an argument stays one", async () => {
    await expect(run(["echo", "1; echo 2"])).rejects.toThrow('got "1; echo 2');
    await expect(run(["echo", "$HOME"])).rejects.toThrow("$HOME");
  });

  it("says how a program failed", async () => {
    await expect(run(["/nonexistent"])).rejects.toThrow("cannot run /nonexistent");
    await expect(run(["sh", "-c", "echo first >&2; echo the last line >&2; exit 3"])).rejects.toThrow(
      "sh ended with code 3: the last line",
    );
    await expect(run(["sh", "-c", "kill -9 $$"])).rejects.toThrow("sh was ended by SIGKILL");
    await expect(run(["true"])).rejects.toThrow('expected a number, got ""');
    await expect(run(["echo", "{}"], { path: "a" })).rejects.toThrow("nothing at a");
    await expect(run(["echo", "no"], { path: "a" })).rejects.toThrow('expected JSON, got "no"');
  });

  it("ends a program, with its children, that takes too long, even one that does not want to", async () => {
    await expect(
      run(["sh", "-c", "trap '' TERM; sleep 30 & wait; sleep 30"], { timeout: "100ms" }),
    ).rejects.toThrow("sh did not end within 0.1 s");
  });

  it("ends a program that prints without end", async () => {
    await expect(run(["yes"], { maxOutput: "64kB" })).rejects.toThrow("yes printed more than 64000 bytes");
  });

  it("gives it nothing of the node's environment but what it needs, and the secrets that it is given", async () => {
    vi.stubEnv("MQTT_PASSWORD", "node's own");
    vi.stubEnv("API_TOKEN", "42");
    await expect(run(["sh", "-c", 'echo "$MQTT_PASSWORD"7'])).resolves.toBe(7);
    await expect(run(["sh", "-c", 'echo "$TOKEN"'], { env: { TOKEN: { env: "API_TOKEN" } } })).resolves.toBe(
      42,
    );
    await expect(run(["true"], { env: { TOKEN: { env: "NOT_SET" } } })).rejects.toThrow("NOT_SET is not set");
  });
});
