// What every access control has to do, whatever its rules.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ControlledAccess } from "../control/controlled-access.js";
import { SILENT_LOG } from "../log.js";
import type { AccessControl, ConnectRequest, Identity } from "./access.js";
import { FileAccess } from "./file-access.js";
import { OpenOnLoopback } from "./open-on-loopback.js";
import { formatPasswordFile } from "./password-file.js";
import { hashPassword } from "./password-hash.js";

interface Subject {
  access: AccessControl;
  /** Somebody who gets in, and may use `free/…`. */
  good: ConnectRequest;
  close: () => Promise<void>;
}

const local = { clientId: "c", loopback: true };

async function withFiles(passwords: boolean, acl: boolean): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-access-"));
  const passwordFile = join(folder, "passwords");
  const aclFile = join(folder, "acl");
  await writeFile(passwordFile, formatPasswordFile([{ user: "u", encoded: await hashPassword("p") }]));
  await writeFile(
    aclFile,
    "topic readwrite free/#\ntopic read $SYS/#\nuser u\ntopic readwrite free/#\ntopic read $SYS/#\n",
  );
  const access = new FileAccess({
    ...(passwords && { passwordFile }),
    ...(acl && { aclFile }),
    log: SILENT_LOG,
  });
  const good = passwords
    ? { clientId: "c", loopback: false, username: "u", password: Buffer.from("p") }
    : local;
  return { access, good, close: () => rm(folder, { recursive: true }) };
}

/** Before the files of {@link withFiles}, with one client of its own. */
async function controlled(known: boolean): Promise<Subject> {
  const { access: others, good: other, close } = await withFiles(true, true);
  const access = new ControlledAccess({ others, log: SILENT_LOG });
  const acls = ["free/#", "$SYS/#", "$CONTROL/#"].flatMap((topic) =>
    ["publishClientSend", "publishClientReceive", "subscribePattern"].map((acltype) => ({
      acltype,
      topic,
      allow: topic !== "$CONTROL/#",
    })),
  );
  const commands = [
    { command: "createRole", rolename: "r", acls },
    { command: "createClient", username: "client", password: "p", roles: [{ rolename: "r" }] },
  ];
  const answered = new Promise<string>((answer) => {
    const payload = Buffer.from(JSON.stringify({ commands }));
    access.control.take({ who: { clientId: "a", username: null }, payload, answer });
  });
  expect(await answered).not.toContain("error");
  return { access, good: known ? { ...other, username: "client" } : other, close };
}

describe.each<[string, () => Promise<Subject>]>([
  ["open on loopback", async () => ({ access: new OpenOnLoopback(), good: local, close: async () => {} })],
  ["passwords only", () => withFiles(true, false)],
  ["rules only", () => withFiles(false, true)],
  ["passwords and rules", () => withFiles(true, true)],
  ["clients and roles", () => controlled(true)],
  ["passwords and rules behind clients and roles", () => controlled(false)],
])("%s", (name, make) => {
  let subject: Subject;
  beforeEach(async () => {
    subject = await make();
    await subject.access.start();
  });
  afterEach(async () => {
    await subject.access.close();
    await subject.close();
  });

  async function admitted(): Promise<Identity> {
    const admission = await subject.access.admit(subject.good);
    if (!admission.ok) throw new Error(admission.reason);
    return admission.identity;
  }

  test("lets the right one in, under the client id that it gave", async () => {
    expect((await admitted()).clientId).toBe("c");
  });

  test("refuses an anonymous client from beyond loopback, with a return code and a reason", async () => {
    const admission = await subject.access.admit({ clientId: "c", loopback: false });
    expect(admission).toMatchObject({ ok: false, code: 5, reason: expect.stringMatching(/./) });
  });

  test("lets nobody write or subscribe to the broker's own topics, and reads of $SYS pass", async () => {
    const who = await admitted();
    for (const topic of ["$SYS/broker/version", "$SYS", "$denied", "$share/x"]) {
      expect(subject.access.mayPublish(who, topic), topic).toBe(false);
    }
    expect(subject.access.maySubscribe(who, "$denied")).toBe(false);
    expect(subject.access.maySubscribe(who, "$SYS/#")).toBe(true);
    expect(subject.access.mayReceive(who, "$SYS/broker/version")).toBe(true);
  });

  test("whoever may not write the topic of commands does not administer", async () => {
    const who = await admitted();
    const open = subject.access instanceof OpenOnLoopback || name === "passwords only";
    expect(subject.access.mayAdminister(who)).toBe(open);
  });

  test("answers the three questions about an ordinary topic alike", async () => {
    const who = await admitted();
    expect(subject.access.mayPublish(who, "free/x")).toBe(true);
    expect(subject.access.maySubscribe(who, "free/+")).toBe(true);
    expect(subject.access.mayReceive(who, "free/x")).toBe(true);
  });
});
