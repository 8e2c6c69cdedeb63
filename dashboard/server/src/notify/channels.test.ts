import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parseDashboardConfig } from "../config/read-config.js";
import type { ChannelConfig } from "../config/schema.js";
import { createChannel } from "./create-channel.js";
import type { Notification } from "./notification.js";

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const NOTIFICATION: Notification = {
  id: "env_greenhouse_temperature/too-hot 1 7 raised",
  what: "raised",
  severity: "critical",
  domain: "env",
  node: "greenhouse",
  sensor: "temperature",
  rule: "too-hot",
  value: 31.2,
  unit: "Cel",
  limit: 30,
  since: 1_763_639_998_123,
  at: 1_763_640_000_123,
  message: 'temperature above 30 °C <img src="x">',
};

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Answers with `status` and takes down what came. */
async function httpServer(status = 200, answer = "", headers: Record<string, string> = {}) {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({
        path: `${request.method ?? ""} ${request.url ?? ""}`,
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
      });
      response.writeHead(status, headers).end(answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${portOf(server)}` };
}

function portOf(server: Server | TcpServer): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** As much of SMTP (RFC 5321) as one mail needs; `refuse` answers RCPT with 550. */
async function smtpServer(refuse = false) {
  const mails: { from: string; to: string[]; data: string }[] = [];
  const auths: string[] = [];
  const server = createTcpServer((socket) => {
    let mail = { from: "", to: [] as string[], data: "" };
    let inData = false;
    let rest = "";
    socket.write("220 test ESMTP\r\n");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      rest += chunk.toString();
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (inData) {
          if (line === ".") {
            inData = false;
            mails.push(mail);
            mail = { from: "", to: [], data: "" };
            socket.write("250 taken\r\n");
          } else mail.data += `${line}\n`;
          continue;
        }
        const [verb = ""] = line.split(/[ :]/);
        if (verb === "EHLO") socket.write("250-test\r\n250 AUTH PLAIN\r\n");
        else if (verb === "AUTH") {
          auths.push(Buffer.from(line.split(" ")[2] ?? "", "base64").toString());
          socket.write("235 welcome\r\n");
        } else if (verb === "MAIL") {
          mail.from = line;
          socket.write("250 ok\r\n");
        } else if (verb === "RCPT") {
          mail.to.push(line);
          socket.write(refuse ? "550 no such person\r\n" : "250 ok\r\n");
        } else if (verb === "DATA") {
          inData = true;
          socket.write("354 go on\r\n");
        } else if (verb === "QUIT") socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return { mails, auths, port: portOf(server) };
}

function configOf(yaml: string): ChannelConfig {
  const [config] = parseDashboardConfig(`channels:\n  - ${yaml}`, "test.yaml").channels;
  if (config === undefined) throw new Error("no channel");
  return config;
}

describe("a webhook", () => {
  test("gets the notification as JSON, signed, with the headers of the configuration", async () => {
    const { received, url } = await httpServer();
    const channel = await createChannel(
      configOf(
        `{name: ops, kind: webhook, url: "${url}/hook?x=1", secret: {env: KEY}, headers: {x-team: blue, x-token: {env: KEY}}}`,
      ),
      { KEY: "s3cret" },
      "https://dash.example/alarms",
    );
    await channel.send(NOTIFICATION);
    const [request] = received;
    expect(request?.path).toBe("POST /hook?x=1");
    expect(JSON.parse(request?.body ?? "")).toEqual({ ...NOTIFICATION, link: "https://dash.example/alarms" });
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "x-team": "blue",
      "x-token": "s3cret",
      "x-fieldmesh-signature": `sha256=${createHmac("sha256", "s3cret")
        .update(request?.body ?? "")
        .digest("hex")}`,
    });
  });

  test("that refuses is quoted, and says when it wants to be asked again", async () => {
    const { url } = await httpServer(429, "slow\ndown", { "retry-after": "7" });
    const channel = await createChannel(configOf(`{name: ops, kind: webhook, url: "${url}"}`), {}, undefined);
    await expect(channel.send(NOTIFICATION)).rejects.toMatchObject({
      message: expect.stringContaining("answered 429: slow down"),
      retryAfterMs: 7_000,
    });
  });

  test("that redirects, does not answer, or is not there fails in words", async () => {
    const redirect = await httpServer(302, "", { location: "http://127.0.0.1:1/" });
    const ask = async (url: string): Promise<void> => {
      const config = configOf(`{name: ops, kind: webhook, url: "${url}", timeout: 200ms}`);
      await (await createChannel(config, {}, undefined)).send(NOTIFICATION);
    };
    await expect(ask(redirect.url)).rejects.toThrow("answered 302");
    const closed = createTcpServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const port = portOf(closed);
    closed.close();
    await expect(ask(`http://127.0.0.1:${port}/`)).rejects.toThrow(`127.0.0.1:${port}: connect ECONNREFUSED`);
    const silent = createServer(() => {});
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    closers.push(() => {
      silent.closeAllConnections();
      silent.close();
    });
    await expect(ask(`http://127.0.0.1:${portOf(silent)}/`)).rejects.toThrow("no answer within 200 ms");
  });
});

describe("ntfy", () => {
  test("gets title, text, priority, tag and the address to open", async () => {
    const { received, url } = await httpServer();
    const channel = await createChannel(
      configOf(`{name: phone, kind: ntfy, url: "${url}/base/my-topic", token: {env: TOKEN}}`),
      { TOKEN: "tk_1" },
      "https://dash.example/alarms",
    );
    await channel.send(NOTIFICATION);
    await channel.send({ ...NOTIFICATION, what: "cleared" });
    expect(received[0]?.path).toBe("POST /base/");
    expect(received[0]?.headers.authorization).toBe("Bearer tk_1");
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
      topic: "my-topic",
      title: 'critical: temperature above 30 °C <img src="x"> (greenhouse)',
      priority: 5,
      tags: ["rotating_light"],
      click: "https://dash.example/alarms",
    });
    expect(JSON.parse(received[0]?.body ?? "").message).toContain("value: 31.2 °C");
    expect(JSON.parse(received[1]?.body ?? "")).toMatchObject({ priority: 3, tags: ["white_check_mark"] });
    const over: Notification = { ...NOTIFICATION, what: "cleared", severity: "critical", node: "cellar" };
    await channel.sendGroup?.([{ ...NOTIFICATION, severity: "warning" }, over]);
    expect(JSON.parse(received[2]?.body ?? "")).toMatchObject({
      title: "warning: 1 alarm, 1 over",
      priority: 4,
      message:
        'warning: temperature above 30 °C <img src="x"> (greenhouse)\nover: temperature above 30 °C <img src="x"> (cellar)',
    });
  });
});

describe("e-mail", () => {
  const yaml = (port: number, more = ""): string =>
    `{name: mail, kind: email, smtp: {host: 127.0.0.1, port: ${port}, tls: none, username: me, password: {env: P}}, from: a@example.org, to: [b@example.org, c@example.org]${more}}`;

  test("goes out as plain text to everybody, signed in", async () => {
    const smtp = await smtpServer();
    const channel = await createChannel(
      configOf(yaml(smtp.port)),
      { P: "pw" },
      "https://dash.example/alarms",
    );
    await channel.send(NOTIFICATION);
    channel.close();
    expect(smtp.auths).toEqual(["\0me\0pw"]);
    const [mail] = smtp.mails;
    expect(mail?.from).toContain("a@example.org");
    expect(mail?.to).toHaveLength(2);
    expect(mail?.data).toMatch(/^Auto-Submitted: auto-generated$/m);
    expect(mail?.data).toMatch(/^Content-Type: text\/plain/m);
    expect(mail?.data).not.toMatch(/text\/html/);
  });

  test("cannot be given header lines by a node", async () => {
    const smtp = await smtpServer();
    const channel = await createChannel(configOf(yaml(smtp.port)), { P: "pw" }, undefined);
    await channel.send({ ...NOTIFICATION, message: "hot\r\nBcc: all@example.org" });
    channel.close();
    expect(smtp.mails[0]?.to).toHaveLength(2);
    const [head = ""] = smtp.mails[0]?.data.split("\n\n") ?? [];
    expect(head).toContain("Subject: critical: hot Bcc: all@example.org");
    expect(head).not.toMatch(/^Bcc:/m);
  });

  test("that is refused says so, without the password", async () => {
    const smtp = await smtpServer(true);
    const channel = await createChannel(configOf(yaml(smtp.port)), { P: "topsecret" }, undefined);
    const failure = await channel.send(NOTIFICATION).catch((error: unknown) => error);
    channel.close();
    expect(String(failure)).toContain("550");
    expect(String(failure)).not.toContain("topsecret");
  });
});

test("a secret that is not there is named at the start", async () => {
  const config = configOf(`{name: phone, kind: ntfy, url: "http://localhost/x", token: {env: NOPE}}`);
  await expect(createChannel(config, {}, undefined)).rejects.toThrow(
    "channel phone: token: the variable NOPE is not set",
  );
  const missing = configOf(
    `{name: phone, kind: ntfy, url: "http://localhost/x", token: {file: /nonexistent/x}}`,
  );
  await expect(createChannel(missing, {}, undefined)).rejects.toThrow(
    "the file /nonexistent/x cannot be read",
  );
});

test("a secret's path starts in the folder of the configuration", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-channel-"));
  try {
    await writeFile(join(folder, "token"), "tk_1\n");
    const config = configOf(`{name: phone, kind: ntfy, url: "http://localhost/x", token: {file: token}}`);
    await expect(createChannel(config, {}, undefined, folder)).resolves.toBeDefined();
    await expect(createChannel(config, {}, undefined)).rejects.toThrow(
      "the file token cannot be read (ENOENT)",
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
