import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addToken, addUser, listTokens, listUsers, removeToken, removeUser } from "./edit-users.js";
import { readUsersFile, UsersFileError } from "./users-file.js";

let folder: string;
let file: string;
const password = "correct horse";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-users-"));
  file = join(folder, "deeper", "users.yaml");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the file of users", () => {
  it("is made by the first user, for its owner's eyes only, with nothing left beside it", async () => {
    await addUser(file, { name: "ada@example.org", role: "admin", password });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, "deeper"))).toEqual(["users.yaml"]);
    const content = await readFile(file, "utf8");
    expect(content).toContain("format: 1\nusers:\n  - name: ada@example.org\n    role: admin\n");
    await addToken(file, { name: "t", role: "viewer" });
    expect(await readFile(file, "utf8")).toContain("tokens:\n  - name: t\n    role: viewer\n");
    expect(content).not.toContain(password);
    expect(await listUsers(file)).toEqual([{ name: "ada@example.org", role: "admin" }]);
  });

  it("keeps what a person wrote into it", async () => {
    await addUser(file, { name: "ada", role: "viewer", password });
    const content = await readFile(file, "utf8");
    await writeFile(file, `# our people\n${content}`.replace("role: viewer", "role: viewer # until May"));
    await addUser(file, { name: "bob", role: "operator", password });
    const after = await readFile(file, "utf8");
    expect(after).toContain("# our people");
    expect(after).toContain("# until May");
    expect(await listUsers(file)).toEqual([
      { name: "ada", role: "viewer" },
      { name: "bob", role: "operator" },
    ]);
  });

  it("may be JSON, and may name a list and leave it empty", async () => {
    await writeFile(join(folder, "users.json"), '{"format":1,"users":[],"tokens":[]}');
    await addUser(join(folder, "users.json"), { name: "ada", role: "viewer", password });
    expect(await listUsers(join(folder, "users.json"))).toEqual([{ name: "ada", role: "viewer" }]);
    await writeFile(join(folder, "empty.yaml"), "format: 1\nusers:\n");
    await addUser(join(folder, "empty.yaml"), { name: "ada", role: "viewer", password });
    expect((await listUsers(join(folder, "empty.yaml"))).length).toBe(1);
  });

  it("takes each name once, and replaces only when told to", async () => {
    await addUser(file, { name: "ada", role: "viewer", password });
    await expect(addUser(file, { name: "ada", role: "admin", password })).rejects.toThrow(
      'a user "ada" already',
    );
    await expect(addToken(file, { name: "ada", role: "admin" })).rejects.toThrow(UsersFileError);
    const before = readUsersFile(file)?.users.get("ada")?.fingerprint;
    await addUser(file, { name: "ada", role: "admin", password }, { replace: true });
    expect(await listUsers(file)).toEqual([{ name: "ada", role: "admin" }]);
    expect(readUsersFile(file)?.users.get("ada")?.fingerprint).not.toBe(before);
  });

  it.each(["", "-x", "a b", "a/b", "x".repeat(65), "<script>", "a\nb"])(
    "refuses the name %j",
    async (name) => {
      await expect(addUser(file, { name, role: "viewer", password })).rejects.toThrow(UsersFileError);
      await expect(addToken(file, { name, role: "viewer" })).rejects.toThrow(UsersFileError);
    },
  );

  it("refuses passwords that are too short or too long", async () => {
    for (const bad of ["", "1234567", "x".repeat(1_025)]) {
      await expect(addUser(file, { name: "ada", role: "viewer", password: bad })).rejects.toThrow(
        "password must have",
      );
    }
  });

  it("removes users and tokens, and says when there is none", async () => {
    await addUser(file, { name: "ada", role: "viewer", password });
    const token = await addToken(file, { name: "grafana", role: "viewer" });
    expect(token).toMatch(/^fm_[\w-]{43}$/);
    expect(await readFile(file, "utf8")).not.toContain(token);
    expect(await listTokens(file)).toEqual([{ name: "grafana", role: "viewer" }]);
    expect(await removeUser(file, "grafana")).toBe(false);
    expect(await removeUser(file, "ada")).toBe(true);
    expect(await removeUser(file, "ada")).toBe(false);
    expect(await removeToken(file, "grafana")).toBe(true);
    expect(await listUsers(file)).toEqual([]);
    expect(await listUsers(join(folder, "absent.yaml"))).toEqual([]);
  });

  it("lists when tokens expire", async () => {
    await addToken(file, { name: "t", role: "operator", expiresAt: new Date("2030-01-01T00:00:00Z") });
    expect(await listTokens(file)).toEqual([
      { name: "t", role: "operator", expires: "2030-01-01T00:00:00.000Z" },
    ]);
  });

  it("is not touched when it is malformed or of a later version", async () => {
    for (const content of ["users: [", "format: 2\nusers: []\n"]) {
      await writeFile(join(folder, "users.yaml"), content);
      const add = addUser(join(folder, "users.yaml"), { name: "ada", role: "viewer", password });
      await expect(add).rejects.toThrow(join(folder, "users.yaml"));
      expect(await readFile(join(folder, "users.yaml"), "utf8")).toBe(content);
    }
  });
});
