import { describe, expect, it } from "vitest";
import { Attempts } from "./attempts.js";
import { clientKey, isForwarded } from "./client-address.js";
import { Gate } from "./gate.js";

describe("Attempts", () => {
  function attempts(maxKeys = 100) {
    let now = 0;
    const limited = new Attempts({ max: 2, windowMs: 1_000, maxKeys, now: () => now });
    return { limited, pass: (ms: number) => (now += ms) };
  }

  it("lets so many through within the time, and says how long to wait", () => {
    const { limited, pass } = attempts();
    expect([limited.take("a"), limited.take("a")]).toEqual([0, 0]);
    pass(400);
    expect(limited.take("a")).toBe(600);
    expect(limited.take("b")).toBe(0);
    pass(600);
    expect(limited.take("a")).toBe(0);
  });

  it("does not count what is given back", () => {
    const { limited } = attempts();
    for (let n = 0; n < 10; n += 1) {
      expect(limited.take("a")).toBe(0);
      limited.giveBack("a");
    }
    expect(limited.size).toBe(0);
    limited.giveBack("never taken");
    expect(limited.size).toBe(0);
  });

  it("remembers no more keys than it may, and forgets the oldest", () => {
    const { limited } = attempts(3);
    for (const key of ["a", "a", "b", "c"]) limited.take(key);
    expect(limited.take("a")).toBeGreaterThan(0);
    for (let n = 0; n < 1_000; n += 1) limited.take(`other${n}`);
    expect(limited.size).toBe(3);
    expect(limited.take("a")).toBe(0);
  });
});

describe("Gate", () => {
  it("lets so many work at a time, so many wait, and turns the rest away", async () => {
    const gate = new Gate({ width: 2, waiting: 3 });
    let inside = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const work = async (): Promise<string> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise<void>((resolve) => release.push(resolve));
      inside -= 1;
      return "done";
    };
    const runs = Array.from({ length: 8 }, () => gate.run(work));
    await Promise.all(runs.slice(5)).then((refused) =>
      expect(refused).toEqual([undefined, undefined, undefined]),
    );
    for (let done = 0; done < 5; done += 1) {
      while (release.length === 0) await Promise.resolve();
      release.shift()?.();
    }
    expect(await Promise.all(runs.slice(0, 5))).toEqual(Array.from({ length: 5 }, () => "done"));
    expect(most).toBe(2);
    const failing = gate.run(() => Promise.reject(new Error("x")));
    await expect(failing).rejects.toThrow("x");
    expect(await gate.run(() => Promise.resolve(1))).toBe(1);
  });
});

describe("clientKey", () => {
  it.each([
    [undefined, "192.0.2.1", "192.0.2.1"],
    [undefined, "::ffff:192.0.2.1", "192.0.2.1"],
    [undefined, undefined, "unknown"],
    [undefined, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    [undefined, "2001:db8:1:2::9", "2001:db8:1:2::/64"],
    [undefined, "2001:db8::9", "2001:db8:0:0::/64"],
    [undefined, "::1", "0:0:0:0::/64"],
    ["198.51.100.7", "127.0.0.1", "198.51.100.7"],
    ["203.0.113.9, 198.51.100.7", "127.0.0.1", "198.51.100.7"], // the first may be made up
    ["198.51.100.7", "192.0.2.1", "192.0.2.1"], // no proxy of this machine
    ["x".repeat(1_000), "127.0.0.1", "x".repeat(64)],
  ])("X-Forwarded-For %j from %j: %s", (forwarded, remote, key) => {
    expect(clientKey(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }, remote)).toBe(key);
  });

  it("knows what proxies add", () => {
    expect(isForwarded({ host: "localhost", "user-agent": "x" })).toBe(false);
    for (const name of ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"]) {
      expect(isForwarded({ [name]: "" })).toBe(true);
    }
  });
});
