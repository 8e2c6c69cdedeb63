import type { HistoryStatus, HistoryStream } from "@fieldmesh/protocol";
import type { AuditRow } from "@fieldmesh/runtime";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type ComposeProject, createComposeProject, ENGINE_NEEDED, findEngine } from "./compose-project.js";

const engine = findEngine();
if (engine === undefined) process.stderr.write(`skipped: ${ENGINE_NEEDED}\n`);

const EDGES = 5;
const EMBEDDED = ["docker-compose.yml", "docker-compose.embedded.yml"];
const OWN_BROKER = ["docker-compose.yml", "docker-compose.fieldmesh-broker.yml"];
const WATCHER = { name: "watcher", password: "only for this test" };
const soon = { timeout: 60_000, interval: 500 };

interface AuditLine {
  at: number;
  ok: boolean;
  rows: AuditRow[];
}

describe.skipIf(engine === undefined)("docker-compose.yml", () => {
  let project: ComposeProject;
  let cookie = "";

  beforeAll(async () => {
    if (engine === undefined) return;
    project = await createComposeProject(engine, `fieldmesh-test-${process.pid}`);
    await project.compose(["build"]);
    await project.compose(["up", "-d", "--scale", `edge=${EDGES}`]);
  });

  afterAll(() => project?.remove());

  /** `mosquitto_sub` beside the broker: node → boot, of all that are online. */
  async function online(): Promise<Map<string, number>> {
    const lines = await mosquittoSub(["-t", "+/+/status", "--retained-only", "-W", "2"]);
    const nodes = new Map<string, number>();
    for (const line of lines.split("\n").filter((text) => text !== "")) {
      const status = JSON.parse(line.slice(line.indexOf(" ") + 1)) as { state: string; boot: number };
      if (status.state === "online") nodes.set(line.split("/")[1] ?? "", status.boot);
    }
    return nodes;
  }

  /** Its time running out (exit code 27) is how a look at the retained messages ends. */
  function mosquittoSub(args: string[]): Promise<string> {
    const words = ["-v", "-u", WATCHER.name, "-P", WATCHER.password, ...args]
      .map((word) => `'${word}'`)
      .join(" ");
    return project.compose([
      "exec",
      "-T",
      "mosquitto",
      "sh",
      "-c",
      `mosquitto_sub ${words} || [ $? -eq 27 ]`,
    ]);
  }

  /** The lines of an audit, also of one that ends with code 1: its rows then say why. */
  async function audit(args: string[], files = ["docker-compose.yml"]): Promise<AuditLine[]> {
    const command = ["exec", "-T", "dashboard", "fieldmesh", "audit", "--json", ...args];
    const text = await project
      .compose(command, { files })
      .catch((error: { code?: number; stdout?: string }) => {
        if (error.code === 1 && error.stdout) return error.stdout;
        throw error;
      });
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditLine);
  }

  it("runs as an ordinary user, from an image without sources, tests and secrets", async () => {
    const user = await project.docker(["inspect", "--format", "{{.Config.User}}", "fieldmesh:test"]);
    expect(user.trim()).toBe("node");
    const list =
      "find /app -not -path '*/node_modules/*' \\( -name '*.ts' -o -name '.git' -o -name '*.pem' -o -name '.env*' \\)";
    const found = await project.docker(["run", "--rm", "--entrypoint", "sh", "fieldmesh:test", "-c", list]);
    expect(found.split("\n").filter((path) => path !== "" && !path.endsWith(".d.ts"))).toEqual([]);
  });

  it(`shows ${EDGES} nodes on Mosquitto, each with an identity of its own`, async () => {
    // A reader for these tests: added as docs/compose.md says, and taken up by SIGHUP.
    await project.compose(
      [
        "run",
        "--rm",
        "-T",
        "setup",
        "credentials",
        "add",
        WATCHER.name,
        "--role",
        "reader",
        "--password-stdin",
      ],
      { input: `${WATCHER.password}\n` },
    );
    await project.compose(["kill", "-s", "HUP", "mosquitto"]);
    await vi.waitFor(async () => expect((await online()).size).toBe(EDGES), soon);
    expect([...(await online()).keys()].sort()).toEqual(["edge-1", "edge-2", "edge-3", "edge-4", "edge-5"]);
    const reading = await mosquittoSub(["-t", "env/+/temperature/raw", "-C", "1", "-W", "20"]);
    expect(reading).toMatch(
      /^env\/edge-\d\/temperature\/raw \{"node":"edge-\d","sensor":"temperature","value":/,
    );
  });

  it("lets nobody in without a password", async () => {
    const anonymous = project.compose([
      "exec",
      "-T",
      "mosquitto",
      "mosquitto_sub",
      "-t",
      "#",
      "-C",
      "1",
      "-W",
      "5",
    ]);
    await expect(anonymous).rejects.toThrow(/not authori[sz]ed/i);
    const state = await fetch(`http://127.0.0.1:${project.dashboardPort}/api/state`);
    expect(state.status).toBe(401);
  });

  it("lets the first user in with the password that setup printed", async () => {
    const log = await project.compose(["logs", "--no-color", "setup"]);
    const password = /password (\S+) \(shown this once\)/.exec(log)?.[1];
    const origin = `http://127.0.0.1:${project.dashboardPort}`;
    const signedIn = await fetch(`${origin}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", origin },
      body: JSON.stringify({ name: "admin", password }),
    });
    expect(signedIn.status).toBeLessThan(300);
    cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    await vi.waitFor(async () => {
      const response = await fetch(`${origin}/api/state`, { headers: { cookie } });
      const state = (await response.json()) as { catalogue: { nodes: Record<string, unknown> } };
      expect(Object.keys(state.catalogue.nodes)).toHaveLength(EDGES);
    }, soon);
  });

  const history = async <T>(path: string): Promise<T> => {
    const url = `http://127.0.0.1:${project.dashboardPort}/api/history/${path}`;
    const response = await fetch(url, { headers: { cookie } });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };

  it("remembers every stream in the database, and goes on where it was when its container is made anew", async () => {
    const streams = await vi.waitFor(async () => {
      const found = await history<HistoryStream[]>("streams");
      expect(new Set(found.map(({ node }) => node)).size).toBe(EDGES);
      return found;
    }, soon);
    expect((await history<HistoryStatus>("status")).store.engine).not.toBe("LMDB");
    const [stream] = streams.filter(({ sensor }) => sensor === "temperature");
    await project.compose(["up", "-d", "--force-recreate", "--no-deps", "historian"]);
    await vi.waitFor(async () => {
      const after = (await history<HistoryStream[]>("streams")).find((one) => one.stream === stream?.stream);
      expect(after?.from).toBe(stream?.from);
      expect(after?.readings).toBeGreaterThan(stream?.readings ?? 0);
    }, soon);
  });

  async function mesh<T>(method: string, path: string, body?: unknown): Promise<T> {
    const origin = `http://127.0.0.1:${project.dashboardPort}`;
    const response = await fetch(`${origin}/api/mesh/${path}`, {
      method,
      headers: { cookie, origin, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  it("opens Mosquitto to whom the owner of a stream approves, and closes it again", async () => {
    const [draft] = await vi.waitFor(async () => {
      const found = await mesh<{ id: string; observed: { node: string } }[]>(
        "GET",
        "products?status=draft&q=temperature",
      );
      expect(found.length).toBeGreaterThan(0);
      return found;
    }, soon);
    const id = draft?.id ?? "";
    await mesh("POST", `products/${id}/claim`, { owner: "admin", status: "active" });
    const { id: asked } = await mesh<{ id: string }>("POST", "subscriptions", {
      product: id,
      consumer: "wall-display",
      purpose: "a display in the entrance",
    });
    await mesh("POST", `subscriptions/${asked}/approve`, {});
    const { username, password } = await mesh<{ username: string; password: string }>(
      "POST",
      `subscriptions/${asked}/credential`,
      {},
    );
    const topic = `env/${draft?.observed.node}/temperature/raw`;
    const subscribed = () =>
      project.compose([
        "exec",
        "-T",
        "mosquitto",
        "sh",
        "-c",
        `mosquitto_sub -u '${username}' -P '${password}' -t '${topic}' -C 1 -W 20`,
      ]);
    expect(await subscribed()).toContain('"sensor":"temperature"');
    await mesh("POST", `subscriptions/${asked}/revoke`, { reason: "the display is gone" });
    await expect(subscribed()).rejects.toThrow(/not authori[sz]ed|refused/i);
  });

  it("is healthy", async () => {
    await vi.waitFor(
      async () => {
        const ids = (await project.compose(["ps", "-q"])).trim().split("\n");
        const format =
          '{{index .Config.Labels "com.docker.compose.service"}} {{if .State.Health}}{{.State.Health.Status}}{{end}}';
        const states = (await project.docker(["inspect", "--format", format, ...ids])).trim().split("\n");
        const running = states.filter((state) => !state.startsWith("setup"));
        // Mosquitto, MongoDB, the historian, the registry and the dashboard beside them.
        expect(running).toHaveLength(EDGES + 5);
        for (const state of running) expect(state).toMatch(/ healthy$/);
      },
      { timeout: 90_000, interval: 1_000 },
    );
  });

  it("keeps identities when containers are made anew", async () => {
    const before = await online();
    await project.compose(["up", "-d", "--force-recreate", "--no-deps", "--scale", `edge=${EDGES}`, "edge"]);
    await vi.waitFor(async () => {
      const after = await online();
      expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
      for (const [node, boot] of after)
        expect(boot).toBeGreaterThan(before.get(node) ?? Number.POSITIVE_INFINITY);
    }, soon);
  });

  it("accounts for every reading when the broker is killed", async () => {
    const watching = audit(["--for", "45s", "--every", "1s"]);
    // The auditor counts from each node's first account, and those come every 10 s.
    await vi.waitFor(
      async () => expect(await mosquittoSub(["-t", "+/+/stats", "-R", "-C", "5", "-W", "15"])).not.toBe(""),
      soon,
    );
    await project.compose(["kill", "-s", "KILL", "mosquitto"]);
    await vi.waitFor(async () => {
      const log = await project.compose(["logs", "--no-color", "--tail", "20", "edge"]);
      expect(new Set(log.match(/"node":"edge-\d","broker":"[^"]*","reason"/g)).size).toBe(EDGES);
    }, soon);
    await project.compose(["start", "mosquitto"]);
    const lines = await watching;
    const last = lines.at(-1);
    expect(last?.rows.filter((row) => !row.ok)).toEqual([]);
    const streams = last?.rows.filter((row) => row.current && row.sensor === "temperature") ?? [];
    expect(streams).toHaveLength(EDGES);
    for (const { stored, dropped, held, unknown, lastSeq, countedFrom } of streams) {
      expect({ dropped, held, unknown }).toEqual({ dropped: 0, held: 0, unknown: 0 });
      expect(stored).toBe(lastSeq - countedFrom + 1);
      expect(stored).toBeGreaterThan(10);
    }
  });

  it("runs on Fieldmesh's own broker as well, with the same users and identities", async () => {
    const before = await online();
    await project.compose(["up", "-d", "--scale", `edge=${EDGES}`], { files: OWN_BROKER });
    await vi.waitFor(
      async () => {
        const [line] = await audit(["--once", "--for", "30s"], OWN_BROKER);
        expect(line?.ok).toBe(true);
        expect(new Set(line?.rows.map((row) => row.node))).toEqual(new Set(before.keys()));
      },
      { timeout: 120_000, interval: 1_000 },
    );
  });

  it("runs without a database, on a small machine", async () => {
    await project.compose(["up", "-d", "--scale", `edge=${EDGES}`], { files: EMBEDDED });
    await vi.waitFor(
      async () => {
        expect((await history<HistoryStatus>("status")).store.engine).toBe("LMDB");
        expect(await history<HistoryStream[]>("streams")).not.toEqual([]);
      },
      { timeout: 120_000, interval: 1_000 },
    );
    expect((await project.compose(["ps", "-q", "mongo"], { files: EMBEDDED })).trim()).toBe("");
  });
});
