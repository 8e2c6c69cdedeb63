import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const COMMAND = fileURLToPath(new URL("../../bin/fieldmesh.js", import.meta.url));

/** Tells at the process's end whether its `debug` makes a function of its own for every name, as the real one does. */
const PROBE = `
import { createRequire } from "node:module";
const broker = createRequire(${JSON.stringify(import.meta.resolve("@fieldmesh/broker"))});
const path = createRequire(broker.resolve("mqtt-packet")).resolve("debug");
process.once("exit", () => {
  const debug = broker.cache[path]?.exports;
  const found = debug === undefined ? "not loaded" : debug("a") === debug("b") ? "quiet" : "loud";
  process.stdout.write("[debug is " + found + "]");
});`;

/** What the probe says of a broker that was started and ended. */
async function debugOf(env: NodeJS.ProcessEnv): Promise<string> {
  const probe = `data:text/javascript,${encodeURIComponent(PROBE)}`;
  const child = spawn(process.execPath, ["--import", probe, COMMAND, "broker"], {
    env: { ...process.env, MQTT_PORT: "0", MQTT_WS_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  let told = false;
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (told || !output.includes("broker listening")) return;
    told = true; // a second signal would end it out of order
    child.kill("SIGTERM");
  });
  await once(child, "close");
  // Its last log line may come before or after.
  return /\[debug is ([a-z ]+)\]/.exec(output)?.[1] ?? output;
}

describe("fieldmesh broker", () => {
  it("runs with a library silenced that costs a tenth of QoS 1, unless DEBUG asks for it", async () => {
    expect(await debugOf({ DEBUG: undefined })).toBe("quiet");
    expect(await debugOf({ DEBUG: "nothing" })).toBe("loud");
  });
});
