import { describe, expect, it } from "vitest";
import { createLog } from "./log.js";

function lines(level?: string) {
  const written: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void written.push(JSON.parse(line)) };
  return { log: createLog("edge", level === undefined ? { destination } : { level, destination }), written };
}

describe("createLog", () => {
  it("writes one JSON line an event, with the service, the level by name and the time", () => {
    const { log, written } = lines();
    log.info({ node: "greenhouse" }, "connected");
    log.debug("not at this level");
    expect(written).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        service: "edge",
        pid: process.pid,
        node: "greenhouse",
        msg: "connected",
      },
    ]);
    expect(lines("silent").log.isLevelEnabled("fatal")).toBe(false);
  });

  it("never writes a field that is named as a secret, wherever it stands", () => {
    const { log, written } = lines();
    const secret = "hunter2";
    log.info({ password: secret, mqtt: { password: secret, options: { password: secret } } }, "x");
    log.info({ token: secret, headers: { authorization: secret, cookie: secret }, channel: { secret } }, "x");
    log.child({ password: secret }).warn("x");
    expect(JSON.stringify(written)).not.toContain(secret);
    expect(written[0]?.["password"]).toBe("(redacted)");
  });
});
