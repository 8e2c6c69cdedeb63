// `npm run dev`: compiles on change, serves the page by Vite with hot reload, and starts the services again after
// each successful compile.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dashboard = `http://127.0.0.1:${process.env.DASHBOARD_PORT ?? "3000"}`;

/** @type {ReturnType<typeof spawn> | undefined} */
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

const page = await createServer({
  configFile: join(root, "dashboard", "web", "vite.config.ts"),
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: {
      "/api": { target: dashboard, changeOrigin: true },
      "/healthz": { target: dashboard, changeOrigin: true },
      "/socket.io": { target: dashboard, changeOrigin: true, ws: true },
    },
  },
});
await page.listen();
page.printUrls();

async function end() {
  if (ending) return;
  ending = true;
  try {
    if (compiler.pid !== undefined) process.kill(-compiler.pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
  await page.close();
  await turn;
  if (services !== undefined) {
    const ended = once(services, "exit");
    services.kill("SIGTERM");
    await ended;
  }
  process.exit(0);
}
process.on("SIGINT", () => void end());
process.on("SIGTERM", () => void end());
