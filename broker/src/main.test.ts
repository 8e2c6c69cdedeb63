// The process as it is run: built, with an environment, signals and exit codes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { startBroker } from "./broker.js";
import { TestClient } from "./contract/test-client.js";

const MAIN = fileURLToPath(import.meta.resolve("@fieldmesh/broker/main"));

function run(env: Record<string, string>): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { child, output: () => output };
}

describe("the broker's process", () => {
  test("serves, and ends with 0 at SIGTERM", async () => {
    const { child, output } = run({ MQTT_PORT: "0", MQTT_WS_PORT: "0" });
    await expect.poll(output, { timeout: 15_000 }).toContain("broker listening");
    const port = /"port":(\d+)/.exec(output())?.[1];
    await using client = await TestClient.connect(`mqtt://127.0.0.1:${port}`);
    await client.subscribe("x", 1);
    await client.publish("x", "y", { qos: 1 });
    await client.until((seen) => seen.length === 1);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    await client.closed;
  });

  test("ends with 2 at a taken port, and says which variable changes it", async () => {
    await using other = await startBroker({ port: 0 });
    const { child, output } = run({ MQTT_PORT: String(other.port), MQTT_WS_PORT: "0" });
    expect(await once(child, "exit")).toEqual([2, null]);
    expect(output()).toContain("MQTT_PORT");
  });

  test("ends with 2 when HOST is open to others and there are no passwords", async () => {
    const { child, output } = run({ HOST: "0.0.0.0", MQTT_PORT: "0", MQTT_WS_PORT: "0" });
    expect(await once(child, "exit")).toEqual([2, null]);
    expect(output()).toContain("PASSWORD_FILE");
  });
});
