import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatLogLine } from "./log-line.js";

const style = { width: 9, colour: false };

describe("a service's log line", () => {
  it("is shown with time, service, message and fields", () => {
    const line = JSON.stringify({
      level: "warn",
      time: "2026-01-02T03:04:05.678Z",
      service: "edge",
      pid: 7,
      node: "barn",
      reason: "no route",
      msg: "lost",
    });
    expect(formatLogLine("barn", line, style)).toMatch(
      /^\d\d:\d\d:\d\d barn {6}WARN lost {2}node=barn {2}reason="no route"$/,
    );
  });

  it("shows what is no log line as it is", () => {
    expect(formatLogLine("edge", "Segmentation fault", style)).toMatch(/ edge {6}Segmentation fault$/);
    expect(formatLogLine("edge", '{"half', style)).toMatch(/ edge {6}\{"half$/);
  });

  it("shows an error by its message", () => {
    const line = JSON.stringify({
      level: "error",
      err: { type: "Error", message: "full", stack: "…" },
      msg: "failed",
    });
    expect(formatLogLine("edge", line, style)).toMatch(/ERROR failed {2}err="full"$/);
  });

  it("never holds a control character, whatever came over the network", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.json()),
        fc.string({ unit: "binary" }),
        (text, field) => {
          expect(formatLogLine("edge", text, style)).not.toMatch(/\p{Cc}/u);
          expect(formatLogLine("edge", JSON.stringify({ msg: field, [field]: field }), style)).not.toMatch(
            /\p{Cc}/u,
          );
        },
      ),
    );
  });
});
