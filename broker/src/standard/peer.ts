import { type Packet, parser } from "mqtt-packet";
import { connectPacket, RawClient } from "../contract/test-client.js";

type PacketOf<Cmd extends Packet["cmd"]> = Extract<Packet, { cmd: Cmd }>;

let markers = 0;
let clientIds = 0;

/** One end of a connection that does nothing by itself: it sends what a test says, and gives what came, in its order. */
export class Peer implements Disposable {
  readonly closed: Promise<void>;
  readonly #raw: RawClient;
  readonly #came: Packet[] = [];
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.#raw = new RawClient(port);
    this.#raw.socket.setNoDelay(true); // or every second small write waits 40 ms for an answer to the first
    const incoming = parser({ protocolVersion: 4 });
    incoming.on("packet", (packet) => {
      this.#came.push(packet);
      this.#wake();
    });
    this.#raw.socket.on("data", (chunk) => incoming.parse(chunk));
    this.closed = this.#raw.closed.then(() => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** With its CONNECT accepted. Clean, of a client id of its own, and without keep-alive unless said otherwise. */
  static async connected(port: number, more: object = {}): Promise<Peer> {
    const peer = new Peer(port);
    peer.send(connectPacket(`standard-${process.pid}-${clientIds++}`, more));
    const { returnCode } = await peer.next("connack");
    if (returnCode !== 0) throw new Error(`refused with return code ${returnCode}`);
    return peer;
  }

  send(...packets: (Packet | Buffer)[]): void {
    this.#raw.send(...packets);
  }

  /** Ends without DISCONNECT, and waits for the broker's end. */
  async break(): Promise<void> {
    this.#raw.socket.end();
    await this.closed;
  }

  /** Ends with DISCONNECT, and waits for the broker's end. */
  async leave(): Promise<void> {
    this.send({ cmd: "disconnect" });
    await this.closed;
  }

  /** Every byte that came. */
  get bytes(): Buffer {
    return this.#raw.received;
  }

  /** The first bytes of all packets that came, each once. */
  firstBytes(): number[] {
    const firsts = new Set<number>();
    let at = 0;
    while (at < this.bytes.length) {
      firsts.add(this.bytes[at] ?? 0);
      at += 2 + (this.bytes[at + 1] ?? 0); // none here is as long as to need a second byte for its length
    }
    return [...firsts];
  }

  /** The next packet, which has to be of this kind. */
  next<Cmd extends Packet["cmd"]>(cmd: Cmd): Promise<PacketOf<Cmd>> {
    return this.either(cmd);
  }

  /** The next packet, which has to be of one of these kinds. */
  async either<Cmd extends Packet["cmd"]>(...kinds: Cmd[]): Promise<PacketOf<Cmd>> {
    while (this.#came.length === 0) {
      if (this.#isClosed) throw new Error(`closed instead of ${kinds.join(" or ")}`);
      await this.#arrival();
    }
    const packet = this.#came.shift();
    if (packet === undefined || !kinds.some((kind) => kind === packet.cmd)) {
      throw new Error(`${JSON.stringify(packet)} instead of ${kinds.join(" or ")}`);
    }
    return packet as PacketOf<Cmd>;
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** What came and was not asked for, once the broker has closed the connection. */
  async closedAfter(): Promise<Packet[]> {
    await this.closed;
    return this.#came.splice(0);
  }

  /** Subscribes and waits for the answer; the granted codes. */
  async subscribe(filters: string | readonly string[], qos: 0 | 1 | 2 = 0): Promise<number[]> {
    const topics = typeof filters === "string" ? [filters] : filters;
    this.send({ cmd: "subscribe", messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos })) });
    const { granted } = await this.next("suback");
    return granted as number[];
  }

  /** Publishes at QoS 1 and waits for the answer: it is where it belongs, retained or held. */
  async publish(topic: string, payload: string, retain = false): Promise<void> {
    this.send({ cmd: "publish", topic, payload, qos: 1, messageId: 65_000, dup: false, retain });
    await this.next("puback");
  }

  /** Publishes at QoS 2, with the two exchanges that it takes. */
  async publishOnce(topic: string, payload: string): Promise<void> {
    this.send({ cmd: "publish", topic, payload, qos: 2, messageId: 65_001, dup: false, retain: false });
    await this.next("pubrec");
    this.send({ cmd: "pubrel", messageId: 65_001 });
    await this.next("pubcomp");
  }

  /**
   * The messages that came before one that this client publishes now and gets itself: when the client that it is
   * about has published everything, nothing of that is still on its way.
   */
  async messages(): Promise<PacketOf<"publish">[]> {
    const marker = `marker/${markers++}`;
    await this.subscribeQuietly(marker);
    this.send({ cmd: "publish", topic: marker, payload: "", qos: 0, dup: false, retain: false });
    const messages: PacketOf<"publish">[] = [];
    for (;;) {
      const message = await this.next("publish");
      if (message.topic === marker) return messages;
      messages.push(message);
    }
  }

  /** Subscribes though messages may come before the answer: they stay to be asked for. */
  async subscribeQuietly(filter: string, qos: 0 | 1 | 2 = 0): Promise<void> {
    this.send({ cmd: "subscribe", messageId: 64_000, subscriptions: [{ topic: filter, qos }] });
    for (;;) {
      const at = this.#came.findIndex((packet) => packet.cmd === "suback" && packet.messageId === 64_000);
      if (at >= 0) {
        this.#came.splice(at, 1);
        return;
      }
      if (this.#isClosed) throw new Error("closed instead of suback");
      await this.#arrival();
    }
  }

  [Symbol.dispose](): void {
    this.#raw[Symbol.dispose]();
  }
}
