import { describe, expect, it } from "vitest";
import { hashPassword, isPasswordHash, NOBODYS_HASH, verifyPassword } from "./password-hash.js";

describe("password hashes", () => {
  it("hold for their password alone, each with its own salt", async () => {
    const [one, two] = await Promise.all([hashPassword("päss wörd"), hashPassword("päss wörd")]);
    expect(one).not.toBe(two);
    expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword("päss wörd", one)).toBe(true);
    expect(await verifyPassword("pa\u0308ss wo\u0308rd", one)).toBe(true); // the same letters, composed otherwise
    expect(await verifyPassword("päss word", one)).toBe(false);
    expect(await verifyPassword("", one)).toBe(false);
    expect(await verifyPassword("x".repeat(1_025), one)).toBe(false);
  });

  it("agree with what Python's hashlib.scrypt computes", async () => {
    const phc = "$scrypt$ln=10,r=8,p=2$MDEyMzQ1Njc4OWFiY2RlZg$I4YuHpx/6xJJ4+sk74hQU+KhW++gPE8aHzXbHijxgzg";
    expect(await verifyPassword("correct horse", phc)).toBe(true);
    expect(await verifyPassword("correct horsf", phc)).toBe(false);
  });

  it.each([
    "",
    "plain",
    "$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=15,r=8,p=99$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=15,r=8,p=1$$",
    "$argon2id$v=19$m=65536,t=3,p=4$AAAA$AAAA",
  ])("%j is none, and no password matches it", async (text) => {
    expect(isPasswordHash(text)).toBe(false);
    expect(await verifyPassword("", text)).toBe(false);
  });

  it("that are nobody's are well-formed, so that comparing takes as long", () => {
    expect(isPasswordHash(NOBODYS_HASH)).toBe(true);
  });
});
