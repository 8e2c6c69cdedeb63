import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningProcess, run } from "./faults/harness/processes.js";
import { lacks } from "./requirements.js";

const DOC = fileURLToPath(new URL("../../docs/second-machine.md", import.meta.url));
const COMMANDS = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
const HUB_ADDRESS = "192.168.1.10"; // as the page has it
const BARN_ADDRESS = "192.168.1.11";

type Machine = "hub" | "barn";

/** A block of the page: ```sh hub, ```sh barn, each with `service` when it runs until it is ended. */
interface Block {
  machine: Machine;
  service: boolean;
  script: string;
}

function readBlocks(): Block[] {
  const blocks = readFileSync(DOC, "utf8").matchAll(/^```sh (hub|barn)( service)?\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, machine, service, script = ""]) => ({
    machine: machine === "hub" ? "hub" : "barn",
    service: service !== undefined,
    script,
  }));
}

/** Network namespaces need root and iproute2; elsewhere the walk is for people to follow. */
function needsMore(): boolean {
  if (lacks("iproute2", "openssl")) return true;
  if (process.getuid?.() === 0) return false;
  process.stderr.write("skipped: the second machine needs root, for network namespaces\n");
  return true;
}

const skip = needsMore();

describe.skipIf(skip)("docs/second-machine.md, between two network namespaces", () => {
  const suffix = String(process.pid);
  const namespace = { hub: `fmhub${suffix}`, barn: `fmbarn${suffix}` };
  const services: RunningProcess[] = [];
  let root: string;

  const ip = (...args: string[]): void => {
    execFileSync("ip", args, { stdio: "pipe" });
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "fieldmesh-machines-"));
    // Interface names have at most 15 characters.
    const ends = { hub: `fmh${suffix}`, barn: `fmb${suffix}` };
    ip("netns", "add", namespace.hub);
    ip("netns", "add", namespace.barn);
    ip(
      "link",
      "add",
      ends.hub,
      "netns",
      namespace.hub,
      "type",
      "veth",
      "peer",
      "name",
      ends.barn,
      "netns",
      namespace.barn,
    );
    for (const [machine, address] of [
      ["hub", HUB_ADDRESS],
      ["barn", BARN_ADDRESS],
    ] as const) {
      mkdirSync(join(root, machine));
      ip("-n", namespace[machine], "addr", "add", `${address}/24`, "dev", ends[machine]);
      ip("-n", namespace[machine], "link", "set", ends[machine], "up");
      ip("-n", namespace[machine], "link", "set", "lo", "up");
    }
  });

  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    for (const name of Object.values(namespace)) ip("netns", "del", name);
    rmSync(root, { recursive: true, force: true });
  });

  /** A shell on the machine that knows nothing of this one's settings; `-e`: the first failure ends it. */
  function shell({ machine, script }: Block): [program: string, args: string[], env: NodeJS.ProcessEnv] {
    const env = { PATH: `${process.env["PATH"] ?? ""}${delimiter}${COMMANDS}`, HOME: join(root, machine) };
    const settings = machine === "hub" ? "if [ -f hub.env ]; then set -a; . ./hub.env; set +a; fi\n" : "";
    const text = `cd '${join(root, machine)}'\n${settings}${script}`;
    return ["ip", ["netns", "exec", namespace[machine], "bash", "-euo", "pipefail", "-c", text], env];
  }

  async function finish(block: Block): Promise<string> {
    const [program, args, env] = shell(block);
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += String(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said += String(chunk);
    });
    const [code] = await once(child, "close");
    expect(code, `${block.script}\n--- said:\n${said}`).toBe(0);
    return said;
  }

  async function begin(block: Block, ready: string): Promise<void> {
    const [program, args, env] = shell({ ...block, script: `exec ${block.script}` });
    const service = run(block.machine, program, args, env);
    services.push(service);
    await service.said(ready);
  }

  it("works, command by command", { timeout: 120_000 }, async () => {
    const said: string[] = [];
    let copied = false;
    for (const block of readBlocks()) {
      if (block.machine === "barn" && !copied) {
        for (const file of ["barn.env", "ca.pem"])
          copyFileSync(join(root, "hub", file), join(root, "barn", file));
        copied = true;
      }
      if (block.service)
        await begin(block, block.machine === "hub" ? "Dashboard: https://" : "connected to the broker");
      else said.push(await finish(block));
    }
    const all = said.join("\n");
    expect(all).toMatch(/^env\/barn\/(temperature|humidity)\/raw \{"node":"barn"/m);
    expect(all).toMatch(/env_barn_temperature .* ok$/m);
    expect(all).toContain("bad user name or password");
    expect(all).toContain("set MQTT_CA to the certificate");
    expect(all).toContain("refused to subscribe to env/greenhouse/#");
  });

  it("lets the second machine reach the dashboard, and sign in only", async () => {
    const script = `
      node --input-type=module -e '
        const get = async (path) => (await fetch("https://${HUB_ADDRESS}:3000" + path)).status;
        console.log(await get("/"), await get("/api/state"));
      '`;
    const said = await finish({
      machine: "barn",
      service: false,
      script: `NODE_EXTRA_CA_CERTS=ca.pem ${script.trim()}`,
    });
    expect(said.trim()).toBe("200 401");
  });
});
