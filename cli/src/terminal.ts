import type { Readable, Writable } from "node:stream";

/** What a command reads and writes; a test gives its own. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
}

export function processTerminal(): Terminal {
  return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env };
}

/** Writes a line; resolves when the stream has taken it, so that a slow pipe slows the command, not memory. */
export function writeLine(to: Writable, line: string | Uint8Array, end = "\n"): Promise<void> {
  const data = typeof line === "string" ? line + end : Buffer.concat([line, Buffer.from(end)]);
  return new Promise((resolve, reject) => {
    to.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

/** One JSON value a line, for programs. */
export function writeJson(to: Writable, value: unknown): Promise<void> {
  return writeLine(to, JSON.stringify(value));
}

/** Columns padded to their widest cell; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
