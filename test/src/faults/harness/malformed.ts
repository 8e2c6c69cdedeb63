import { createLog, createMqttLink } from "@fieldmesh/runtime";

const good = { value: 1, unit: "Cel", timestamp: 1, boot: 5, seq: 7 };

/** Topics and payloads that no consumer may take, or fall over. `n` makes each a little different. */
const KINDS: readonly ((node: string, n: number) => [topic: string, payload: string | Buffer])[] = [
  (node, n) => [`env/${node}/s-one/raw`, `{"value":${n}`],
  (node, n) => [`env/${node}/s-one/raw`, Buffer.from([0xff, 0xfe, n % 256])],
  (node, n) => [`env/${node}/s-one/raw`, JSON.stringify({ ...good, value: `${n}` })],
  (node, n) => [`env/${node}/s-one/raw`, JSON.stringify({ ...good, seq: -n })],
  (node, n) => [`env/${node}/s-one/raw`, JSON.stringify({ ...good, seq: n + 0.5 })],
  (node, n) => [`env/${node}/s-one/raw`, JSON.stringify({ ...good, boot: 1e300, seq: n })],
  (node, n) => [`env/${node}/s-one/raw`, JSON.stringify({ ...good, node: `other-${n}` })],
  (node, n) => [`env/${node}/s-one/raw`, `${n}`.repeat(2_000)],
  (node, n) => [`env/${node}/s-one/raw`, `${"[".repeat(1_000)}${n}`],
  (node, n) => [`env/${node}/${n}_X/raw`, "1"],
  (node, n) => [`env/${node}/s-one-${n}-${"x".repeat(40)}/raw`, "1"],
  (node, n) => [`api/${node}/${n}/raw`, "1"],
  (node, n) => [`env/event/${node}/s-one/too-hot`, `{"state":"raised","n":${n}}`],
  (node, n) => [`env/event/${node}/${n}`, "<script>"],
  (_node, n) => [`env/event/a/b/c/d/e/${n}`, "{}"],
  (node, n) => [`env/${node}/stats`, `{"boot":${n},"sensors":{"__proto__":{}}}`],
  (node, n) => [`env/${node}/birth`, `{"node":"${node}","boot":"${n}"}`],
  (node, n) => [`env/${node}/cmd/resend/reply`, `{"id":${n}}`],
  (node, n) => [`mesh/ack/env/${node}/s-one/too-hot`, `[${n}]`],
  (_node, n) => [`env/ghost-${n % 7}/s-one/raw`, '{"value":null}'],
];

/** Publishes that many of them, in turn, acknowledged. */
export async function malformed(url: string, node: string, count: number): Promise<void> {
  const link = createMqttLink({
    urls: [url],
    clientId: "malformed",
    log: createLog("test", { level: "silent" }),
  });
  const connected = new Promise<void>((resolve) => link.onConnect(() => resolve()));
  link.start();
  await connected;
  const sent: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    const kind = KINDS[n % KINDS.length];
    if (kind === undefined) continue;
    const [topic, payload] = kind(node, n);
    sent.push(link.publish(topic, payload, { qos: 1, retain: false }));
  }
  await Promise.all(sent);
  await link.close();
}
