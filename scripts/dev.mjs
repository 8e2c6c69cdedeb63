// `npm run dev`: compiles on change, serves the page by Vite with hot reload, and starts the services again after
// each successful compile.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dashboardPort = process.env.DASHBOARD_PORT ?? "3000";

/** @type {import("node:child_process").ChildProcess | undefined} */
let services;
let ending = false;
/** Restarts follow one another, never overlap. */
let turn = Promise.resolve();

async function restartServices() {
  if (services !== undefined) {
    const ended = once(services, "exit");
    services.kill("SIGTERM");
    await ended;
  }
  if (ending) return;
  services = spawn(process.execPath, [join(root, "cli", "bin", "fieldmesh.js"), "start"], {
    stdio: "inherit",
  });
  services.once("exit", () => {
    services = undefined;
  });
}

// The compiler is a native program behind a wrapper: only its process group ends both.
const compiler = spawn(
  "npx",
  ["--no-install", "tsc", "-b", "--watch", "--preserveWatchOutput", "tsconfig.json"],
  {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  },
);
compiler.stdout.on("data", (chunk) => {
  const text = String(chunk);
  process.stdout.write(text);
  if (/Found 0 errors/.test(text)) turn = turn.then(restartServices);
});

const vite = spawn(
  "npx",
  ["--no-install", "vite", "dashboard/web", "--host", "127.0.0.1", "--port", "5173"],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, DASHBOARD_URL: `http://127.0.0.1:${dashboardPort}` },
    detached: true,
  },
);

async function end() {
  if (ending) return;
  ending = true;
  for (const child of [compiler, vite]) {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    } catch {
      // It has ended already.
    }
  }
  await turn;
  if (services !== undefined) {
    const ended = once(services, "exit");
    services.kill("SIGTERM");
    await ended;
  }
  process.exit(0);
}
process.on("SIGINT", end);
process.on("SIGTERM", end);
