import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { argon2id } from "hash-wasm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Argon2Thread } from "./argon2.js";
import { CredentialVerifier } from "./credential-verifier.js";
import { FileFormatError } from "./file-format-error.js";
import { formatPasswordFile, type PasswordEntry, parsePasswordFile } from "./password-file.js";
import { hashPassword, parsePasswordHash } from "./password-hash.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fieldmesh-passwords-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function accepts(entry: PasswordEntry | undefined, password: string): Promise<boolean> {
  if (!entry) throw new Error("no such entry");
  const verifier = new CredentialVerifier();
  try {
    return (await verifier.verify(entry, Buffer.from(password))) === "right";
  } finally {
    await verifier.close();
  }
}

describe("what mosquitto_passwd writes", () => {
  test.each(["sha512-pbkdf2", "sha512"])("%s is understood", async (scheme) => {
    const file = join(folder, scheme);
    writeFileSync(file, "");
    execFileSync("mosquitto_passwd", ["-H", scheme, "-b", file, "greenhouse", "öl & salt"], {
      stdio: "ignore",
    });
    const entry = parsePasswordFile(readFileSync(file, "utf8")).get("greenhouse");
    expect(await accepts(entry, "öl & salt")).toBe(true);
    expect(await accepts(entry, "öl & salT")).toBe(false);
  });
});

test("an Argon2id hash, as Mosquitto 2.1 writes it, is verified off the event loop", async () => {
  const salt = Buffer.from("0123456789abcdef");
  const hash = await argon2id({
    password: "pepper",
    salt,
    parallelism: 1,
    iterations: 2,
    memorySize: 1024,
    hashLength: 32,
    outputType: "encoded",
  });
  const entry = parsePasswordFile(`reader:${hash}\n`).get("reader");
  expect(await accepts(entry, "pepper")).toBe(true);
  expect(await accepts(entry, "salt")).toBe(false);
});

test("parameters that Argon2id refuses let nobody in and leave the thread usable", async () => {
  const thread = new Argon2Thread();
  expect(await thread.verify(Buffer.from("x"), "$argon2id$v=19$m=0,t=0,p=0$YWJj$YWJj")).toBe(false);
  const salt = Buffer.from("0123456789abcdef");
  const hash = await argon2id({
    password: "x",
    salt,
    parallelism: 1,
    iterations: 1,
    memorySize: 64,
    hashLength: 32,
    outputType: "encoded",
  });
  expect(await thread.verify(Buffer.from("x"), hash)).toBe(true);
  await thread.close();
});

test("a hash made here survives the file and is accepted", async () => {
  const text = formatPasswordFile([{ user: "bench", encoded: await hashPassword("schön") }]);
  expect(await accepts(parsePasswordFile(text).get("bench"), "schön")).toBe(true);
});

test("a verifier answers the same question once by hash and then from memory", async () => {
  const verifier = new CredentialVerifier();
  const encoded = await hashPassword("secret");
  const hash = parsePasswordHash(encoded);
  if (!hash) throw new Error("not parsed");
  const entry = { user: "a", encoded, hash };
  expect(await verifier.verify(entry, Buffer.from("secret"))).toBe("right");
  // With a hash that can match nothing, only memory can answer; a wrong password is never remembered as right.
  const blank = {
    ...entry,
    hash: { scheme: "sha512" as const, salt: Buffer.alloc(0), hash: Buffer.alloc(64) },
  };
  expect(await verifier.verify(blank, Buffer.from("secret"))).toBe("right");
  expect(await verifier.verify(blank, Buffer.from("other"))).toBe("wrong");
  expect(await verifier.verify({ ...blank, encoded: "changed" }, Buffer.from("secret"))).toBe("wrong");
  await verifier.close();
});

describe("refusals name file and line", () => {
  test.each([
    ["no colon", "# comment\n\nalice\n", 3, "no user name"],
    ["plain text", "alice:secret\n", 1, 'the hash of "alice"'],
    [
      "twice",
      `a:$6$YWI=$${Buffer.alloc(64).toString("base64")}\na:$6$YWI=$${Buffer.alloc(64).toString("base64")}`,
      2,
      "again",
    ],
    ["short hash", "a:$7$101$YWI=$YWI=", 1, 'the hash of "a"'],
    ["absurd iterations", `a:$7$9999999$YWI=$${Buffer.alloc(64).toString("base64")}`, 1, 'the hash of "a"'],
  ])("%s", (_name, text, line, message) => {
    try {
      parsePasswordFile(text, "passwords");
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FileFormatError);
      expect(error).toMatchObject({ line, code: "BROKER_FILE_FORMAT" });
      expect(String(error)).toContain(`passwords:${line}: `);
      expect(String(error)).toContain(message);
      expect(String(error)).not.toContain("secret");
    }
  });

  test("no text crashes the parser", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parsePasswordFile(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FileFormatError);
        }
      }),
    );
  });
});
