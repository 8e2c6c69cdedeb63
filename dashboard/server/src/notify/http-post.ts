import { ChannelError } from "./channel.js";

/** So much of an answer is read to show why it refused. */
const MAX_ANSWER_BYTES = 2_048;
/** A longer wait asked for by the other side is not believed. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Posts a body and wants a 2xx answer. Redirects are not followed: the address is wrong, and a signed body
 * belongs to nobody else.
 * @throws ChannelError
 */
export async function httpPost(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      body,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw new ChannelError(`${new URL(url).host}: ${reason(error, timeoutMs)}`, { cause: error });
  }
  if (response.ok) {
    await response.body?.cancel();
    return;
  }
  const said = (await firstBytes(response)).replace(/[\p{Cc}\s]+/gu, " ").trim();
  const retryAfter = Number(response.headers.get("retry-after")) * 1_000;
  throw new ChannelError(
    `${new URL(url).host} answered ${response.status}${said === "" ? "" : `: ${said.slice(0, 200)}`}`,
    retryAfter > 0 ? { retryAfterMs: Math.min(retryAfter, MAX_RETRY_AFTER_MS) } : {},
  );
}

async function firstBytes(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    while (bytes < MAX_ANSWER_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      bytes += value.length;
    }
    await reader.cancel();
  } catch {
    // The status says enough.
  }
  return Buffer.concat(parts).toString("utf8", 0, MAX_ANSWER_BYTES);
}

function reason(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const { cause } = error;
  if (cause instanceof Error) {
    const code = "code" in cause ? String(cause.code) : "";
    return cause.message === "" ? code : cause.message;
  }
  return error.message;
}
