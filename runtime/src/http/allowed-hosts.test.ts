import { describe, expect, it } from "vitest";
import { type AllowedHosts, checkOrigin } from "./allowed-hosts.js";

const ALLOWED: AllowedHosts = {
  publicUrl: new URL("https://mesh.example.org"),
  allowedHosts: ["desk.lan", "lab.lan:8443"],
};

function verdict(headers: Record<string, string>, allowed: AllowedHosts = ALLOWED, method = "GET"): string {
  const result = checkOrigin(headers, allowed, method);
  return result.ok ? "ok" : result.cause;
}

describe("checkOrigin", () => {
  it.each([
    ["localhost:3000", "ok"],
    ["127.0.0.1:3000", "ok"],
    ["127.9.9.9", "ok"],
    ["[::1]:3000", "ok"],
    ["LOCALHOST", "ok"],
    ["localhost.", "ok"],
    ["mesh.example.org", "ok"],
    ["mesh.example.org:443", "ok"],
    ["mesh.example.org:444", "host"],
    ["desk.lan", "ok"],
    ["desk.lan:1234", "ok"],
    ["lab.lan:8443", "ok"],
    ["lab.lan", "host"],
    ["evil.example", "host"],
    ["localhost.evil.example", "host"],
    ["127.0.0.1.evil.example", "host"],
    ["evil.example, localhost", "host"],
    ["localhost/x", "host"],
    ["user@localhost", "host"],
    ["localhost:99999999", "host"],
    ["0x7f.1", "host"],
    ["", "host"],
  ])("Host %j: %s", (host, expected) => {
    expect(verdict({ host })).toBe(expected);
  });

  it("refuses a request without Host", () => {
    expect(verdict({})).toBe("host");
  });

  it.each([
    ["http://localhost:3000", "ok"],
    ["http://127.0.0.1:3000", "ok"],
    ["http://localhost:5173", "origin"], // another program of this machine
    ["https://localhost:3000", "ok"],
    ["https://mesh.example.org", "ok"],
    ["http://mesh.example.org", "origin"],
    ["http://desk.lan", "ok"],
    ["http://desk.lan:99", "ok"],
    ["https://evil.example", "origin"],
    ["null", "origin"],
    ["", "origin"],
    ["file://localhost:3000", "origin"],
    ["http://localhost:3000.evil.example", "origin"],
  ])("Origin %j to localhost:3000: %s", (origin, expected) => {
    expect(verdict({ host: "localhost:3000", origin }, ALLOWED, "POST")).toBe(expected);
  });

  it("lets a page of any local port in only where that was said", () => {
    const headers = { host: "localhost:9001", origin: "http://localhost:3000" };
    expect(verdict(headers, {})).toBe("origin");
    expect(verdict(headers, { anyLoopbackPort: true })).toBe("ok");
    expect(
      verdict({ host: "localhost:9001", origin: "http://evil.example" }, { anyLoopbackPort: true }),
    ).toBe("origin");
  });

  it("takes the page behind a proxy that keeps Host", () => {
    expect(verdict({ host: "mesh.example.org", origin: "https://mesh.example.org" })).toBe("ok");
    expect(verdict({ host: "127.0.0.1:3000", origin: "https://mesh.example.org" })).toBe("ok");
  });

  it("goes by Sec-Fetch-Site where there is no Origin", () => {
    const host = "localhost:3000";
    const from = (site: string, mode = "no-cors", dest = "image", method = "GET") =>
      verdict({ host, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest }, {}, method);
    expect(from("same-origin")).toBe("ok");
    expect(from("none")).toBe("ok");
    expect(from("cross-site")).toBe("origin");
    expect(from("same-site")).toBe("origin");
    expect(from("cross-site", "navigate", "document")).toBe("ok");
    expect(from("cross-site", "navigate", "iframe")).toBe("origin");
    expect(from("cross-site", "navigate", "document", "POST")).toBe("origin");
  });
});
