import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { capturedTerminal } from "../testing/captured-terminal.js";
import { ServiceOutput } from "./output.js";

const options = { raw: false, names: ["broker", "dashboard"] };

describe("the services' output", () => {
  it("is held back until it is released, and keeps its order", () => {
    const terminal = capturedTerminal();
    const output = new ServiceOutput(terminal, options);
    output.line("broker", "one");
    output.line("dashboard", "two");
    expect(terminal.out()).toBe("");
    output.release();
    output.line("broker", "three");
    expect(terminal.out().match(/one|two|three/g)).toEqual(["one", "two", "three"]);
  });

  it("is passed on as it is when raw", () => {
    const terminal = capturedTerminal();
    const output = new ServiceOutput(terminal, { ...options, raw: true });
    output.release();
    output.line("broker", '{"msg":"x"}');
    expect(terminal.out()).toBe('{"msg":"x"}\n');
  });

  it("does not pile up behind a reader that has stopped: what is dropped is counted and told", () => {
    let resume = (): void => {};
    const written: string[] = [];
    const stdout = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        written.push(String(chunk));
        resume = done;
      },
    });
    const output = new ServiceOutput({ ...capturedTerminal(), stdout }, options);
    output.release();
    for (let line = 0; line < 3_000; line += 1) output.line("broker", "x".repeat(1_000));
    expect(stdout.writableLength).toBeLessThan(1_100_000);
    while (stdout.writableLength > 0) resume();
    output.line("broker", "last");
    while (stdout.writableLength > 0) resume();
    expect(written.join("")).toMatch(/WARN \d+ lines dropped: .*\n.*last\n$/);
  });
});
