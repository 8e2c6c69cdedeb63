import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Appends rounds over so many streams and prints what memory the process has of its own, MiB, after each. */
const PROCESS = `
const [storage, sensors, streams, rounds, perRound] = process.argv.slice(1);
const { openSeries } = await import(storage);
const { Sensors } = await import(sensors);
const { mkdtempSync, readFileSync, rmSync } = await import("node:fs");
const { tmpdir } = await import("node:os");
const folder = mkdtempSync(tmpdir() + "/fieldmesh-bench-memory-");
const log = { info() {}, warn() {} };
const series = await openSeries({ address: { kind: "folder", path: folder }, service: "bench", log });
const all = new Sensors(Number(streams), 1000);
for (let round = 0; round < Number(rounds); round += 1) {
  await series.append(all.next(Number(perRound)));
  globalThis.gc();
  console.log(Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024);
}
await series.close();
rmSync(folder, { recursive: true });
`;

/** What the process has of its own (mapped files apart), MiB, after each round. */
export async function memoryOver(streams: number, rounds: number, perRound: number): Promise<number[]> {
  const storage = import.meta.resolve("@fieldmesh/storage");
  const sensors = new URL("./sensors.js", import.meta.url).href;
  const args = ["--expose-gc", "--input-type=module", "-e", PROCESS, storage, sensors];
  const child = spawn(process.execPath, [...args, ...[streams, rounds, perRound].map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("the process has no output");
  const found: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) found.push(Number(line));
  if (found.length !== rounds) throw new Error(`the process ended after ${found.length} of ${rounds} rounds`);
  return found;
}
