import { connect } from "node:net";

/** Who holds a folder: what its lock answers. */
export interface FolderHolder {
  /** As `"edge greenhouse"`. */
  holder: string;
  host: string;
  pid: number;
  /** RFC 3339. */
  since: string;
}

/** A holder whose event loop is busy still has its connection taken by the kernel; it is given this long. */
const ANSWER_MS = 1_000;
const MAX_ANSWER = 4_096; // bytes

/** A holder that dies while it is asked breaks the connection; asked again, nobody listens. */
const MAX_ASKS = 5;

type Answer = { alive: false } | { alive: true; holder?: FolderHolder };

/** Asks the socket at `path`. Dead: nobody listens on it, or it is not there. */
export async function askHolder(path: string): Promise<Answer> {
  for (let ask = 0; ask < MAX_ASKS; ask += 1) {
    const answer = await askOnce(path);
    if (answer !== "broken") return answer;
  }
  return { alive: true };
}

function askOnce(path: string): Promise<Answer | "broken"> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    let answer = "";
    const finish = (result: Answer | "broken"): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const alive = (): void => {
      const holder = parseHolder(answer);
      finish(holder === undefined ? { alive: true } : { alive: true, holder });
    };
    const timer = setTimeout(alive, ANSWER_MS);
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      answer += chunk;
      if (answer.includes("\n") || answer.length > MAX_ANSWER) alive();
    });
    socket.on("end", () => (answer === "" ? finish("broken") : alive()));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const { code } = error;
      if (code === "ECONNREFUSED" || code === "ENOENT") return finish({ alive: false });
      if (code === "ECONNRESET" || code === "EPIPE") return finish("broken");
      // Its backlog is full, or it is another user's.
      if (code === "EAGAIN" || code === "EACCES") return alive();
      clearTimeout(timer);
      reject(error);
    });
  });
}

function parseHolder(answer: string): FolderHolder | undefined {
  try {
    const value: unknown = JSON.parse(answer);
    if (typeof value !== "object" || value === null) return undefined;
    const { holder, host, pid, since } = value as Record<string, unknown>;
    if (typeof holder !== "string" || typeof host !== "string" || typeof since !== "string") return undefined;
    return typeof pid === "number" ? { holder, host, pid, since } : undefined;
  } catch {
    return undefined;
  }
}
