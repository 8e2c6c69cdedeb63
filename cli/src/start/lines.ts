import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A line longer than this is passed on in pieces: memory stays bounded whatever a child writes. */
const MAX_LINE_CHARS = 65_536;

/** Calls back with each line of a stream, and with the rest at its end. */
export function eachLine(stream: Readable, callback: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string): void => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") callback(line.replace(/\r$/, ""));
    if (rest.length > MAX_LINE_CHARS) {
      callback(rest);
      rest = "";
    }
  };
  stream.on("data", (chunk: Buffer) => take(decoder.write(chunk)));
  stream.on("end", () => take(`${decoder.end()}\n`));
}
