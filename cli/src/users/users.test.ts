import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCommand } from "../program.js";
import { capturedTerminal } from "../testing/captured-terminal.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-users-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function users(args: string[], stdin?: string) {
  const terminal = capturedTerminal({
    env: { USERS_FILE: join(folder, "users.yaml") },
    ...(stdin === undefined ? {} : { stdin }),
  });
  const code = await runCommand(["users", ...args], terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

const list = async () => JSON.parse((await users(["list", "--json"])).out) as Record<string, string>[];

describe("fieldmesh users", () => {
  it("adds people with a piped or a generated password, which stands nowhere in clear", async () => {
    expect((await users(["add", "ada", "--role", "admin"], "correct horse\n")).code).toBe(0);
    const bob = await users(["add", "bob", "--role", "viewer", "--generate"]);
    expect(bob.out).toMatch(/^[A-Za-z0-9_-]{24}\n$/);
    const text = await readFile(join(folder, "users.yaml"), "utf8");
    expect(text).not.toContain("correct horse");
    expect(text).not.toContain(bob.out.trim());
    expect((await stat(join(folder, "users.yaml"))).mode & 0o777).toBe(0o600);
    expect(await list()).toEqual([
      { kind: "user", name: "ada", role: "admin" },
      { kind: "user", name: "bob", role: "viewer" },
    ]);
  });

  it("does not overwrite a person unless told, and removes them", async () => {
    await users(["add", "ada", "--role", "viewer"], "correct horse");
    const again = await users(["add", "ada", "--role", "admin"], "battery staple");
    expect(again.code).toBe(1);
    expect(again.err).toContain("already");
    expect((await users(["add", "ada", "--role", "admin", "--replace"], "battery staple")).code).toBe(0);
    expect(await list()).toEqual([{ kind: "user", name: "ada", role: "admin" }]);
    expect((await users(["remove", "ada"])).code).toBe(0);
    expect(await list()).toEqual([]);
    expect((await users(["remove", "ada"])).code).toBe(1);
  });

  // script(1) gives the command a terminal of its own.
  it.runIf(existsSync("/usr/bin/script"))(
    "asks on a terminal and shows nothing of what is typed",
    async () => {
      const bin = fileURLToPath(new URL("../../bin/fieldmesh.js", import.meta.url));
      const command = `'${process.execPath}' '${bin}' users add ada --role admin`;
      const child = spawn("/usr/bin/script", ["-qec", command, "/dev/null"], {
        env: { ...process.env, USERS_FILE: join(folder, "users.yaml") },
      });
      let shown = "";
      child.stdout.on("data", (chunk: Buffer) => {
        shown += String(chunk);
      });
      const ended = once(child, "close");
      for (const prompt of ["Password for ada: ", "The same again: "]) {
        await vi.waitFor(() => expect(shown).toContain(prompt), { timeout: 10_000 });
        child.stdin.write("correct horse\r");
      }
      expect(await ended).toEqual([0, null]);
      expect(shown).not.toContain("horse");
      expect(await list()).toEqual([{ kind: "user", name: "ada", role: "admin" }]);
    },
  );

  it("makes tokens that end, and removes them", async () => {
    const token = await users(["token", "grafana", "--role", "viewer", "--expires", "90d"]);
    expect(token.out).toMatch(/^fm_\S+\n$/);
    const [listed] = await list();
    expect(listed).toMatchObject({ kind: "token", name: "grafana", role: "viewer" });
    const days = (Date.parse(listed?.["expires"] ?? "") - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(89.9);
    expect(days).toBeLessThanOrEqual(90);
    expect((await users(["remove", "grafana"])).code).toBe(0);
  });

  it("gives domains and products to who is added, and shows them", async () => {
    await users(["add", "ada", "--role", "operator", "--domain", "sales", "lab", "--generate"]);
    await users(["token", "billing", "--role", "viewer", "--product", "env_desk_light"]);
    expect(await list()).toEqual([
      { kind: "user", name: "ada", role: "operator", scopes: { domains: ["sales", "lab"], products: [] } },
      {
        kind: "token",
        name: "billing",
        role: "viewer",
        scopes: { domains: [], products: ["env_desk_light"] },
      },
    ]);
    expect((await users(["list"])).out).toMatch(/DOMAINS +PRODUCTS\nada .*sales,lab/);
    await users(["add", "ada", "--role", "operator", "--generate", "--replace"]);
    expect((await list())[0]).toEqual({ kind: "user", name: "ada", role: "operator" });
    const refused = await users(["token", "x", "--role", "viewer", "--domain", "a b"]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("letters, digits")]);
  });

  it("keeps everyone of several additions at a time", async () => {
    const names = ["ada", "bob", "cid", "dan"];
    await Promise.all(names.map((name) => users(["add", name, "--role", "viewer", "--generate"])));
    expect((await list()).map(({ name }) => name).sort()).toEqual(names);
  });

  it.each([
    [["add", "ada", "--role", "king"], "x", 2, "Allowed choices"],
    [["add", "ada"], "x", 2, "--role"],
    [["add", "ada", "--role", "admin"], "", 2, "no password"],
    [["add", "ada", "--role", "admin"], "short", 1, "8 to"],
    [["add", "a/b", "--role", "admin"], "correct horse", 1, "a/b"],
    [["token", "t", "--role", "viewer", "--expires", "soon"], "", 2, "a time"],
  ])("refuses %j", async (args, stdin, code, message) => {
    const result = await users(args, stdin);
    expect({ code: result.code, err: result.err }).toEqual({ code, err: expect.stringContaining(message) });
  });
});
