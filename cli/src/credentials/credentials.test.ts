import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseAclFile, parsePasswordFile } from "@fieldmesh/broker";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../program.js";
import { capturedTerminal } from "../testing/captured-terminal.js";

const run = promisify(execFile);
const bin = fileURLToPath(new URL("../../bin/fieldmesh.js", import.meta.url));

let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-credentials-"));
  env = { DATA_DIR: folder, PASSWORD_FILE: join(folder, "passwords"), ACL_FILE: join(folder, "acl") };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function credentials(...args: string[]) {
  const terminal = capturedTerminal({ env });
  const code = await runCommand(["credentials", ...args], terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

const acl = async () => parseAclFile(await readFile(join(folder, "acl"), "utf8"));
const passwords = async () => parsePasswordFile(await readFile(join(folder, "passwords"), "utf8"));

describe("fieldmesh credentials add", () => {
  it("writes both files for the owner only, and prints what the device needs", async () => {
    const { code, out } = await credentials(
      "add",
      "barn",
      "--role",
      "node",
      "--domain",
      "farm",
      "--url",
      "mqtts://b:8883",
    );
    expect(code).toBe(0);
    const lines = out.trim().split("\n");
    expect(lines).toEqual([
      "MQTT_URL=mqtts://b:8883",
      "MQTT_USERNAME=barn",
      expect.stringMatching(/^MQTT_PASSWORD=[A-Za-z0-9_-]{24}$/),
      "DOMAIN=farm",
      "NODE_ID=barn",
    ]);
    expect(
      (await acl()).users.get("barn")?.map(({ access, levels }) => `${access} ${levels.join("/")}`),
    ).toEqual(["readwrite farm/barn/#", "write farm/event/barn/#"]);
    expect((await passwords()).get("barn")?.encoded).toMatch(/^\$7\$/);
    for (const file of ["acl", "passwords"])
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  });

  it("changes nothing when it is done twice, and a password only with --renew", async () => {
    await credentials("add", "barn", "--role", "node");
    const before = [
      await readFile(join(folder, "acl"), "utf8"),
      await readFile(join(folder, "passwords"), "utf8"),
    ];
    const again = await credentials("add", "barn", "--role", "node");
    expect(again.code).toBe(0);
    expect(again.out).not.toMatch(/^MQTT_PASSWORD=/m);
    expect(before).toEqual([
      await readFile(join(folder, "acl"), "utf8"),
      await readFile(join(folder, "passwords"), "utf8"),
    ]);
    expect((await credentials("add", "barn", "--role", "node", "--renew")).out).toMatch(/^MQTT_PASSWORD=/m);
    expect(await readFile(join(folder, "passwords"), "utf8")).not.toBe(before[1]);
  });

  it.each([
    [["add", "Barn", "--role", "node"], "1 to 32 of a-z"],
    [["add", "a/b", "--role", "node"], "1 to 32 of a-z"],
    [["add", "+", "--role", "node"], "1 to 32 of a-z"],
    [["add", "event", "--role", "node"], "reserved"],
    [["add", "x", "--role", "node", "--node", "event"], "reserved"],
    [["add", "x", "--role", "node", "--domain", "mesh"], "reserved"],
    [["add", "x", "--role", "reader", "--domain", "#"], "1 to 32 of a-z"],
    [["add", "x", "--role", "node", "--domain", "a", "--domain", "b"], "exactly one --domain"],
    [["add", "x", "--role", "service", "--domain", "a"], "leave --domain out"],
    [["add", "x", "--role", "reader", "--node", "a"], "--node is for"],
    [["add", "x", "--role", "king"], "Allowed choices are"],
    [["add", "x"], "--role"],
  ])("refuses %j with code 2 and writes nothing", async (args, message) => {
    const { code, err } = await credentials(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    await expect(stat(join(folder, "acl"))).rejects.toThrow("ENOENT");
  });

  it("leaves what others wrote as it was, and a broken file alone", async () => {
    await writeFile(join(folder, "acl"), "# by hand\nuser other\ntopic read other/#\n");
    await writeFile(join(folder, "passwords"), "# by hand\n");
    await credentials("add", "barn", "--role", "node");
    expect(await readFile(join(folder, "acl"), "utf8")).toMatch(
      /^# by hand\nuser other\ntopic read other\/#\n\n# fieldmesh: /,
    );
    await writeFile(join(folder, "acl"), "usr other\n");
    const { code, err } = await credentials("add", "shed", "--role", "node");
    expect(code).toBe(2);
    expect(err).toContain("acl:1");
    expect(await readFile(join(folder, "acl"), "utf8")).toBe("usr other\n");
  });

  it("keeps every one of several runs at a time", async () => {
    const users = Array.from({ length: 6 }, (_, at) => `node-${at}`);
    await Promise.all(
      users.map((user) =>
        run(process.execPath, [bin, "credentials", "add", user, "--role", "node"], {
          env: { ...process.env, ...env },
        }),
      ),
    );
    expect([...(await passwords()).keys()].sort()).toEqual(users);
    expect([...(await acl()).users.keys()].sort()).toEqual(users);
  });

  it.runIf(process.getuid?.() === 0)(
    "keeps the owner, and gives the files to another when told",
    async () => {
      await writeFile(join(folder, "passwords"), "");
      await chown(join(folder, "passwords"), 12345, 12346);
      await chmod(join(folder, "passwords"), 0o644);
      await credentials("add", "barn", "--role", "node");
      expect(await stat(join(folder, "passwords"))).toMatchObject({ uid: 12345, gid: 12346 });
      expect((await stat(join(folder, "passwords"))).mode & 0o777).toBe(0o600);
      await credentials("add", "shed", "--role", "node", "--owner", "1883:1884");
      expect(await stat(join(folder, "acl"))).toMatchObject({ uid: 1883, gid: 1884 });
    },
  );
});

describe("fieldmesh credentials list and remove", () => {
  it("lists roles, and removes a user from both files", async () => {
    await credentials("add", "barn", "--role", "node", "--domain", "farm");
    await credentials("add", "wall", "--role", "reader", "--domain", "farm", "--domain", "env");
    const { out } = await credentials("list", "--json");
    expect(JSON.parse(out)).toEqual([
      { user: "barn", role: "node", domains: ["farm"], node: "barn" },
      { user: "wall", role: "reader", domains: ["farm", "env"] },
    ]);
    expect((await credentials("remove", "barn")).code).toBe(0);
    expect([...(await passwords()).keys()]).toEqual(["wall"]);
    expect([...(await acl()).users.keys()]).toEqual(["wall"]);
    const again = await credentials("remove", "barn");
    expect(again.code).toBe(1);
    expect(again.err).toContain('no user "barn"');
  });
});

describe("fieldmesh credentials slots", () => {
  it("makes identities once, and keeps them afterwards", async () => {
    const first = await credentials("slots", "3", "--json");
    expect(JSON.parse(first.out)).toEqual({ made: ["edge-1", "edge-2", "edge-3"], kept: [] });
    const identity = await readFile(join(folder, "edge", "edge-2", "identity.json"), "utf8");
    const second = await credentials("slots", "4", "--json");
    expect(JSON.parse(second.out)).toEqual({ made: ["edge-4"], kept: ["edge-1", "edge-2", "edge-3"] });
    expect(await readFile(join(folder, "edge", "edge-2", "identity.json"), "utf8")).toBe(identity);
    expect((await acl()).users.get("edge-4")?.[0]?.levels.join("/")).toBe("env/edge-4/#");
  });

  it("makes a slot anew when the broker no longer knows its user", async () => {
    await credentials("slots", "1");
    await rm(join(folder, "passwords"));
    expect(JSON.parse((await credentials("slots", "1", "--json")).out)).toEqual({
      made: ["edge-1"],
      kept: [],
    });
  });
});
