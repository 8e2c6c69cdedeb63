import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP proxy whose wire can be cut without anybody being told: while it swallows, bytes go nowhere in either
 * direction and no connection is closed, as behind a router that lost its state.
 */
export class SwallowingProxy {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallowing = false;

  constructor(targetPort: number) {
    this.#target = targetPort;
    this.#server = createServer((inner) => this.#accept(inner));
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return `mqtt://127.0.0.1:${address.port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  swallow(): void {
    this.#swallowing = true;
  }

  /** New connections get through again; those that were cut stay dead. */
  heal(): void {
    this.#swallowing = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(inner: Socket): void {
    const outer = connect(this.#target, "127.0.0.1");
    // What was cut once stays cut: its bytes are lost, as TCP would notice.
    let dead = this.#swallowing;
    const pass = (from: Socket, to: Socket) => {
      this.#sockets.add(from);
      from.on("data", (chunk) => {
        dead ||= this.#swallowing;
        if (!dead) to.write(chunk);
      });
      from.on("error", () => from.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        dead ||= this.#swallowing;
        if (!dead) to.destroy();
      });
    };
    pass(inner, outer);
    pass(outer, inner);
  }
}
