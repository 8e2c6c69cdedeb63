import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mosquittoSub } from "./mosquitto-sub.js";

const credential = { username: "fm-ann", password: "s3cret", topics: ["env/greenhouse/+/raw"] };

describe("the line for mosquitto_sub", () => {
  it("says where, who and what", () => {
    expect(mosquittoSub({ ...credential, urls: ["ws://a:9001", "mqtt://broker.example.org"] })).toBe(
      "mosquitto_sub -h broker.example.org -p 1883 -u fm-ann -P s3cret -t env/greenhouse/+/raw -v",
    );
    expect(mosquittoSub({ ...credential, urls: ["mqtts://[::1]:8884"] })).toContain(
      "-h ::1 -p 8884 --tls-use-os-certs",
    );
    expect(mosquittoSub({ ...credential, urls: ["ws://a:9001"] })).toBeUndefined();
  });

  it("is read by a shell as it was meant, whatever the password is", () => {
    const word = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => !/[\0\ud800-\udfff]/.test(text));
    fc.assert(
      fc.property(word, word, (password, topic) => {
        const line = mosquittoSub({ ...credential, urls: ["mqtt://a"], password, topics: [topic] }) ?? "";
        const said = execFileSync("/bin/sh", ["-c", line.replace(/^mosquitto_sub/, "printf '%s\\0'")]);
        const words = said.toString().split("\0");
        expect([words[words.indexOf("-P") + 1], words.at(-3)]).toEqual([password, topic]);
      }),
      { numRuns: 25 },
    );
  });
});
