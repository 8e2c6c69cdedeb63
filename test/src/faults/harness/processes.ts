import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Lines kept of what a process said, for the report of a failed test. */
const MAX_LINES = 400;

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly running: boolean;
  /** Its latest lines, standard output and error together. */
  readonly lines: readonly string[];
  /** Resolves when a line holds `text`, also one that came before. @throws when the process ends first */
  said(text: string): Promise<string>;
  /** Resolves with the exit code, or `null` after a signal. */
  readonly ended: Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGTERM, then kill -9 after 10 s. */
  stop(): Promise<void>;
}

/** Starts a program and watches over it. */
export function run(
  name: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): RunningProcess {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  return new Watched(name, child);
}

class Watched implements RunningProcess {
  readonly name: string;
  readonly ended: Promise<number | null>;
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Set<(line: string | undefined) => void>();
  #running = true;

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) this.#read(stream);
    this.ended = once(child, "exit").then(([code]) => {
      this.#running = false;
      for (const tell of this.#waiting) tell(undefined);
      return typeof code === "number" ? code : null;
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get running(): boolean {
    return this.#running;
  }

  async said(text: string): Promise<string> {
    const before = this.lines.find((line) => line.includes(text));
    if (before !== undefined) return before;
    return await new Promise((resolve, reject) => {
      const tell = (line: string | undefined) => {
        if (line?.includes(text) === false) return;
        this.#waiting.delete(tell);
        if (line === undefined)
          reject(new Error(`${this.name} ended without saying "${text}":\n${this.tail()}`));
        else resolve(line);
      };
      if (this.#running) this.#waiting.add(tell);
      else tell(undefined);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#child.kill("SIGTERM");
    const hard = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await this.ended;
    clearTimeout(hard);
  }

  tail(): string {
    return this.lines.slice(-40).join("\n");
  }

  #read(stream: NodeJS.ReadableStream | null): void {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.lines.push(line);
        if (this.lines.length > MAX_LINES) this.lines.shift();
        for (const tell of this.#waiting) tell(line);
      }
    });
  }
}
