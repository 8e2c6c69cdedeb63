import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A container engine and its compose command, as found on this machine. */
export interface Engine {
  compose: readonly string[];
  env: Record<string, string>;
}

/** What elsewhere is needed for these tests, when {@link findEngine} finds nothing. */
export const ENGINE_NEEDED =
  "the compose tests need a container engine: a running docker with `docker compose` (or docker-compose 1.29), or COMPOSE_LAB";

/** COMPOSE_LAB names a script whose `env` prints export lines for an engine; else the machine's own docker is used. */
export function findEngine(): Engine | undefined {
  const env: Record<string, string> = {};
  const lab = process.env["COMPOSE_LAB"];
  try {
    if (lab !== undefined) {
      for (const match of execFileSync(lab, ["env"], { encoding: "utf8" }).matchAll(/([A-Z_]+)=(\S+)/g)) {
        env[match[1] ?? ""] = match[2] ?? "";
      }
    }
    execFileSync("docker", ["info"], { env: { ...process.env, ...env }, stdio: "ignore", timeout: 20_000 });
  } catch {
    return undefined;
  }
  for (const compose of [["docker-compose"], ["docker", "compose"]]) {
    const [command = "", ...args] = compose;
    try {
      execFileSync(command, [...args, "version"], { stdio: "ignore", env: { ...process.env, ...env } });
      return { compose, env };
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

/** One `docker-compose.yml` brought up under a name, and on ports, of its own. */
export interface ComposeProject {
  readonly mqttPort: number;
  readonly dashboardPort: number;
  /** Runs a compose command and returns what it wrote to its standard output. Rejects when it fails. */
  compose(args: readonly string[], options?: { files?: readonly string[]; input?: string }): Promise<string>;
  /** Runs a docker command. */
  docker(args: readonly string[]): Promise<string>;
  /** Ends everything and forgets its volumes. */
  remove(): Promise<void>;
}

export async function createComposeProject(engine: Engine, name: string): Promise<ComposeProject> {
  const [mqttPort, wsPort, dashboardPort] = await freePorts(3);
  const env = {
    ...process.env,
    ...engine.env,
    COMPOSE_PROJECT_NAME: name,
    FIELDMESH_IMAGE: "fieldmesh:test",
    BIND: "127.0.0.1",
    MQTT_PORT: String(mqttPort),
    MQTT_WS_PORT: String(wsPort),
    DASHBOARD_PORT: String(dashboardPort),
  };
  const execute = async (command: readonly string[], input?: string): Promise<string> => {
    const [program = "", ...args] = command;
    const running = run(program, args, { cwd: ROOT, env, maxBuffer: 64 * 1_024 * 1_024 });
    if (input !== undefined) running.child.stdin?.end(input);
    return (await running).stdout;
  };
  const compose: ComposeProject["compose"] = (args, { files = ["docker-compose.yml"], input } = {}) =>
    execute([...engine.compose, ...files.flatMap((file) => ["-f", file]), ...args], input);
  return {
    mqttPort: mqttPort ?? 0,
    dashboardPort: dashboardPort ?? 0,
    compose,
    docker: (args) => execute(["docker", ...args]),
    remove: async () => {
      await compose(["down", "-v", "--remove-orphans", "-t", "5"]);
    },
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(
    servers.map((server) => {
      server.close();
      return once(server, "close");
    }),
  );
  return ports;
}
