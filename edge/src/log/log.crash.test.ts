import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { systemClock } from "../clock.js";
import { NodeLog } from "./log.js";

const BUILT = new URL("../../dist/", import.meta.url);

/** Writes as fast as it can, with small segments, and says after each write what is on disk for sure. */
const WRITER = `
import { NodeLog } from "${new URL("log/log.js", BUILT).href}";
import { systemClock } from "${new URL("clock.js", BUILT).href}";
const log = await NodeLog.open({
  folder: process.argv[1],
  clock: systemClock,
  limits: { heldBytes: 400_000, replayBytes: 100_000 },
  observer: { onDropped() {}, onDiskError(e) { throw e; }, onDiskRecovered() {} },
});
const boot = log.lastBoot + 1;
log.beginBoot(boot);
let acked = 0;
for (;;) {
  let seq = 0;
  for (let i = 0; i < 40; i++) seq = log.appendReading({ sensor: "s", value: i, unit: "1", timestamp: Date.now() }).seq;
  // Of each forty the first ten are delivered.
  const to = seq - 30;
  for (let n = to - 9; n <= to; n++) log.acknowledge({ kind: "reading", key: "s", boot, seq: n });
  await log.write({ flush: Math.random() < 0.1 });
  acked = to;
  process.stdout.write(JSON.stringify({ boot, seq, acked }) + "\\n");
}
`;

interface Said {
  boot: number;
  seq: number;
  acked: number;
}

/** Lets a writer run for `ms` after its first word and kills it; returns the last that it said. */
async function writeAndKill(folder: string, ms: number): Promise<Said> {
  const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", WRITER, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error("no pipe");
  let said: Said | undefined;
  for await (const line of createInterface({ input: stdout })) {
    if (said === undefined) setTimeout(() => child.kill("SIGKILL"), ms);
    said = JSON.parse(line) as Said;
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  if (said === undefined) throw new Error("the writer said nothing");
  return said;
}

it("loses nothing that was written, and nothing silently, when it is killed at any moment", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-crash-"));
  const kills = 8;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const said = await writeAndKill(folder, 5 + ((kill * 37) % 110));
      const log = await NodeLog.open({
        folder,
        clock: systemClock,
        observer: {
          onDropped: () => {},
          onDiskError: (error) => expect.unreachable(error.message),
          onDiskRecovered: () => {},
        },
      });
      expect(log.report.unreadable).toEqual([]);
      expect(log.lastBoot).toBe(said.boot);
      const stream = log.account("reading", "s", said.boot);
      expect(stream?.lastSeq).toBeGreaterThanOrEqual(said.seq);
      // Of what was written for sure: the tenth to the first of each forty are delivered, all others held or named.
      const lost = stream?.lost() ?? [];
      for (let seq = 1; seq <= said.seq; seq++) {
        const delivered = (seq - 1) % 40 < 10;
        const held = stream?.held.has(seq) === true;
        const gone = lost.some(([from, to]) => from <= seq && seq <= to);
        expect([seq, delivered, held, gone].join()).toBe(
          [seq, delivered, !delivered && !gone, !delivered && gone].join(),
        );
      }
      expect(lost.every(([, , cause]) => cause === "full" || cause === "torn")).toBe(true);
      // And what is held can be read.
      const [oldest, newest] = [stream?.held.min ?? 0, stream?.held.max ?? 0];
      let readable = 0;
      for await (const reading of log.read("s", said.boot, oldest, newest)) {
        if (stream?.held.has(reading.seq) === true) readable += 1;
      }
      expect(readable).toBe(stream?.held.count);
      await log.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
