import type { BrokerCredential } from "./types.js";

/** A command line that reads with a credential, ready to be pasted into a shell; undefined without an address. */
export function mosquittoSub({
  urls,
  topics,
  username,
  password,
}: Pick<BrokerCredential, "urls" | "topics" | "username" | "password">): string | undefined {
  const address = urls.find((url) => /^mqtts?:/.test(url));
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { protocol, hostname, port } = new URL(address);
  const tls = protocol === "mqtts:";
  return [
    "mosquitto_sub",
    `-h ${shell(hostname.replace(/^\[|\]$/g, ""))}`,
    `-p ${port === "" ? (tls ? "8883" : "1883") : port}`,
    ...(tls ? ["--tls-use-os-certs"] : []),
    `-u ${shell(username)}`,
    `-P ${shell(password)}`,
    ...topics.map((topic) => `-t ${shell(topic)}`),
    "-v",
  ].join(" ");
}

/** As one word of a POSIX shell. */
function shell(word: string): string {
  return /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
