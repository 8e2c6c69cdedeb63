import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "./testing/embedded.js";
import { orders, SALES } from "./testing/service.js";

/** As it is built: a test of the process itself. */
const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** A registry as a process of its own, on any free port. */
async function startProcess(folder: string): Promise<{ url: string; kill: () => Promise<void> }> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    DATA_DIR: folder,
    REGISTRY_PORT: "0",
    HOST: "127.0.0.1",
    MQTT_URL: "mqtt://127.0.0.1:1", // nobody is there
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { url?: string };
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, kill };
  }
  throw new Error("the registry ended before it listened");
}

const post = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

test("after kill -9 under writes every write that was acknowledged is there, and whole", {
  timeout: 60_000,
}, async () => {
  const folder = await temporaryFolder();
  const first = await startProcess(folder);
  expect((await post(`${first.url}/domains`, SALES)).status).toBe(201);
  const acknowledged: string[] = [];
  const approved: string[] = [];
  let made = 0;
  /** Whether the registry was still there. */
  const approveBob = async (id: string): Promise<boolean> => {
    const wanted = { consumer: "bob", purpose: "billing" };
    const asked = await post(`${first.url}/products/${id}/subscriptions`, wanted).catch(() => undefined);
    if (asked === undefined) return false;
    const subscription = (await asked.json().catch(() => undefined)) as { id: string } | undefined;
    if (subscription === undefined) return false;
    const ruled = await post(`${first.url}/subscriptions/${subscription.id}/approve`, {}).catch(
      () => undefined,
    );
    if (ruled?.status === 200) approved.push(id);
    return ruled !== undefined;
  };
  const writer = async (): Promise<void> => {
    for (;;) {
      made += 1;
      const id = `p${made}`;
      const answer = await post(`${first.url}/products`, orders({ id, metadata: { "a.b": id } })).catch(
        () => undefined,
      );
      if (answer === undefined) return; // it was killed
      expect(answer.status).toBe(201);
      acknowledged.push(id);
      if (acknowledged.length === 200) await first.kill();
      if (made % 4 === 0 && !(await approveBob(id))) return;
    }
  };
  await Promise.all(Array.from({ length: 16 }, writer));
  expect(acknowledged.length).toBeGreaterThanOrEqual(200);
  const second = await startProcess(folder);
  for (const id of acknowledged) {
    const answer = await fetch(`${second.url}/products/${id}`);
    expect([answer.status, await answer.json()]).toMatchObject([200, { id, metadata: { "a.b": id } }]);
  }
  expect(approved.length).toBeGreaterThan(0);
  for (const id of approved) {
    const answer = await fetch(`${second.url}/products/${id}/subscriptions`);
    expect([id, await answer.json()]).toMatchObject([id, [{ consumer: "bob", state: "approved" }]]);
  }
});
