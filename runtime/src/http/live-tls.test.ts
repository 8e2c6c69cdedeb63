import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type Server } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { followTls } from "./live-tls.js";
import { readTls, type TlsFiles } from "./tls-files.js";

const LOOK_MS = 20;

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fieldmesh-live-tls-"));
  for (const name of ["old", "new"]) {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const files = ["-keyout", path(`${name}.key`), "-out", path(`${name}.pem`)];
    execFileSync("openssl", ["req", "-x509", "-days", "2", ...curve, "-subj", `/CN=${name}`, ...files], {
      stdio: "ignore",
    });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ["TLS", (files: TlsFiles): Server => createServer(files)],
  ["HTTPS", (files: TlsFiles): Server => createHttpsServer(files)],
])("the certificate of a %s listener", (_, create) => {
  const info = vi.fn<(fields: object, message: string) => void>();
  const error = vi.fn<(fields: object, message: string) => void>();
  let server: Server;
  let unfollow: () => void;

  beforeEach(async () => {
    install("old");
    const files = readTls({ TLS_CERT: path("cert.pem"), TLS_KEY: path("key.pem") });
    if (files === undefined) throw new Error("no files");
    server = create(files).listen(0, "127.0.0.1");
    await once(server, "listening");
    unfollow = followTls(files, [server], { info, error }, LOOK_MS);
  });
  afterEach(async () => {
    unfollow();
    server.close();
    await once(server, "close");
    vi.clearAllMocks();
  });

  function install(name: string): void {
    copyFileSync(path(`${name}.key`), path("key.pem"));
    copyFileSync(path(`${name}.pem`), path("cert.pem"));
  }

  /** Whom a client that connects now is shown. */
  async function shown(): Promise<string | string[] | undefined> {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { subject } = socket.getPeerCertificate();
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
    return subject.CN;
  }

  it("is renewed when the files are", async () => {
    expect(await shown()).toBe("old");
    install("new");
    await vi.waitFor(async () => expect(await shown()).toBe("new"));
    expect(info).toHaveBeenCalledOnce();
    expect(error).not.toHaveBeenCalled();
  });

  it.each([
    ["is no certificate", () => writeFileSync(path("cert.pem"), "nonsense")],
    ["does not fit the key", () => copyFileSync(path("new.pem"), path("cert.pem"))],
    ["has gone", () => rmSync(path("cert.pem"))],
  ])("stays when the new one %s, which is told once, until it is mended", async (_why, spoil) => {
    spoil();
    await vi.waitFor(() => expect(error).toHaveBeenCalledOnce());
    expect(await shown()).toBe("old");
    install("new");
    await vi.waitFor(async () => expect(await shown()).toBe("new"));
    expect(error).toHaveBeenCalledOnce();
  });
});
