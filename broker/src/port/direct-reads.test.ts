import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { readDirectly } from "./direct-reads.js";

const opened: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

/** Both ends of a connection. */
async function pair(): Promise<{ client: Socket; socket: Socket }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const socket = await accepted;
  server.close();
  opened.push(client, socket);
  return { client, socket };
}

/** Bytes of which each says where it stands. */
const numbered = (length: number): Buffer => Buffer.from(Uint32Array.from({ length }, (_, i) => i).buffer);

test("what is read goes past the stream's queue, and the end is still seen", async () => {
  const { client, socket } = await pair();
  const read: Buffer[] = [];
  const ended = new Promise((resolve) => socket.once("end", resolve));
  readDirectly(socket, (chunk) => read.push(chunk));
  client.end("one message");
  await ended;
  expect(Buffer.concat(read).toString()).toBe("one message");
  expect(socket.readableDidRead).toBe(false); // nothing came out of the queue
});

test("whenever it is paused and resumed, every byte comes, in order, and none while it is paused", async () => {
  const sent = numbered(100_000);
  const someReads = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(someReads, async (pauses) => {
      const { client, socket } = await pair();
      const read: Buffer[] = [];
      let whilePaused = 0;
      const ended = new Promise((resolve) => socket.once("end", resolve));
      readDirectly(socket, (chunk) => {
        if (socket.isPaused()) whilePaused += 1;
        if (pauses[read.push(chunk) % pauses.length]) {
          socket.pause();
          setImmediate(() => setImmediate(() => socket.resume()));
        }
      });
      client.end(sent);
      await ended;
      expect(Buffer.concat(read).equals(sent)).toBe(true);
      expect(whilePaused).toBe(0);
    }),
    { numRuns: 25 },
  );
});

test("a paused socket stops reading: the sender is held back, not stored", async () => {
  const { client, socket } = await pair();
  readDirectly(socket, () => socket.pause());
  client.write(Buffer.alloc(32 * 1024 * 1024)); // more than the kernel's buffers hold
  let before = 0;
  const noMoreIsRead = (): void => {
    const { bytesRead } = socket;
    const moved = bytesRead === 0 || bytesRead !== before;
    before = bytesRead;
    expect(moved).toBe(false);
  };
  await vi.waitFor(noMoreIsRead, { timeout: 10_000 });
  expect(socket.readableLength).toBeLessThan(1024 * 1024);
  expect(client.writableLength).toBeGreaterThan(0);
});
